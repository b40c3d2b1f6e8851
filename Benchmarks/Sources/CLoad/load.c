#define _GNU_SOURCE
#include "CLoad.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_SPACE = 1 << 17 };

/// One connection and what has been read of its answer.
typedef struct {
    int descriptor;
    size_t filled;
    /// The length of the whole answer; 0 until its head is there.
    size_t expected;
    size_t body;
    /// Which request it is, and when it was sent.
    long order;
    double sent;
    char buffer[ANSWER_SPACE];
} connection;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int open_connection(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((unsigned short)port)};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (descriptor < 0) return -1;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        close(descriptor);
        return -1;
    }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

/// Requests are far smaller than a socket's buffer, so that one send takes a whole one.
static int send_request(connection *connection, const char *request, long order) {
    size_t length = strlen(request);
    connection->order = order;
    connection->sent = now();
    connection->filled = connection->expected = connection->body = 0;
    return send(connection->descriptor, request, length, MSG_NOSIGNAL) == (ssize_t)length ? 0 : EIO;
}

/// Reads the head, once it is whole.
static int read_head(connection *connection) {
    connection->buffer[connection->filled] = 0;
    char *end = strstr(connection->buffer, "\r\n\r\n");
    if (!end) return connection->filled + 1 < ANSWER_SPACE ? 0 : EMSGSIZE;
    char *length = strcasestr(connection->buffer, "\r\ncontent-length:");
    if (strncmp(connection->buffer, "HTTP/1.1 20", 11) != 0 || connection->buffer[11] > '1') return EBADMSG;
    if (!length || length > end) return EBADMSG;
    connection->body = strtoul(length + 17, NULL, 10);
    connection->expected = (size_t)(end + 4 - connection->buffer) + connection->body;
    return connection->expected < ANSWER_SPACE ? 0 : EMSGSIZE;
}

/// Takes in what has arrived.
static int receive(connection *connection) {
    ssize_t got = recv(
        connection->descriptor, connection->buffer + connection->filled, ANSWER_SPACE - 1 - connection->filled, 0);
    if (got <= 0) return got == 0 ? ECONNRESET : errno;
    connection->filled += (size_t)got;
    return connection->expected ? 0 : read_head(connection);
}

static void run(
    int poller, connection *all, int connections, const char *const *requests, int request_count, long total,
    float *latencies, bench_load_result *result) {
    long started = 0;
    for (int i = 0; i < connections && started < total && !result->failure; i++, started++) {
        result->failure = send_request(&all[i], requests[started % request_count], started);
    }
    while (result->answers < total && !result->failure) {
        struct epoll_event events[64];
        int count = epoll_wait(poller, events, 64, 10000);
        if (count == 0) result->failure = ETIMEDOUT;
        for (int i = 0; i < count && !result->failure; i++) {
            connection *connection = events[i].data.ptr;
            result->failure = receive(connection);
            if (result->failure || !connection->expected || connection->filled < connection->expected) continue;
            result->answers++;
            result->bytes += (long)connection->body;
            if (latencies) latencies[connection->order] = (float)(now() - connection->sent);
            if (started >= total) continue;
            result->failure = send_request(connection, requests[started % request_count], started);
            started++;
        }
    }
}

bench_load_result bench_load_run(
    int port, int connections, const char *const *requests, int request_count, long total, float *latencies) {
    bench_load_result result = {0};
    connection *all = calloc((size_t)connections, sizeof *all);
    int poller = epoll_create1(EPOLL_CLOEXEC);
    int opened = 0;
    if (!all || poller < 0) result.failure = ENOMEM;
    for (; opened < connections && !result.failure; opened++) {
        all[opened].descriptor = open_connection(port);
        if (all[opened].descriptor < 0) {
            result.failure = errno;
            break;
        }
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[opened]};
        epoll_ctl(poller, EPOLL_CTL_ADD, all[opened].descriptor, &event);
    }
    double begun = now();
    if (!result.failure) run(poller, all, connections, requests, request_count, total, latencies, &result);
    result.seconds = now() - begun;
    for (int i = 0; i < opened; i++) close(all[i].descriptor);
    if (poller >= 0) close(poller);
    free(all);
    return result;
}
