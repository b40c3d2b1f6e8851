#define _GNU_SOURCE
#include "CLoad.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_SPACE = 1 << 14, PIECE = 1 << 18 };

/// What all threads of a run share: each takes the next number until there are no more.
typedef struct {
    const bench_transfers *plan;
    atomic_long next;
    atomic_long bytes;
    atomic_int failure;
} run;

/// A connection, and the answer that is read from it.
typedef struct {
    int descriptor;
    size_t filled;
    /// Where the head ends in the buffer, and how long the body is.
    size_t head;
    long body;
    char buffer[PIECE];
} line;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int open_line(line *line, int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((unsigned short)port)};
    int on = 1;
    line->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (line->descriptor < 0) return errno;
    if (connect(line->descriptor, (struct sockaddr *)&address, sizeof address) != 0) return errno;
    setsockopt(line->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return 0;
}

static int send_all(line *line, const char *bytes, size_t length, int more) {
    while (length > 0) {
        ssize_t sent = send(line->descriptor, bytes, length, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return errno;
        bytes += sent;
        length -= (size_t)sent;
    }
    return 0;
}

/// Reads an answer's head and as much of its body as comes with it.
static int read_head(line *line) {
    line->filled = 0;
    for (;;) {
        if (line->filled + 1 >= HEAD_SPACE) return EMSGSIZE;
        ssize_t got = recv(line->descriptor, line->buffer + line->filled, HEAD_SPACE - 1 - line->filled, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0 ? ECONNRESET : errno;
        line->filled += (size_t)got;
        line->buffer[line->filled] = 0;
        char *end = strstr(line->buffer, "\r\n\r\n");
        if (!end) continue;
        char *length = strcasestr(line->buffer, "\r\ncontent-length:");
        line->head = (size_t)(end + 4 - line->buffer);
        line->body = length && length < end ? atol(length + 17) : 0;
        return strncmp(line->buffer, "HTTP/1.1 20", 11) == 0 ? 0 : EBADMSG;
    }
}

/// Reads the rest of an answer's body and drops it.
static int drop_body(line *line) {
    long left = line->body - (long)(line->filled - line->head);
    while (left > 0) {
        ssize_t got = recv(line->descriptor, line->buffer, left < PIECE ? (size_t)left : PIECE, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0 ? ECONNRESET : errno;
        left -= got;
    }
    return 0;
}

/// Reads a small answer with its body, which stays in the buffer with a zero after it.
static int read_text(line *line) {
    int failure = read_head(line);
    while (!failure && (long)(line->filled - line->head) < line->body) {
        if (line->filled + 1 >= HEAD_SPACE) return EMSGSIZE;
        ssize_t got = recv(line->descriptor, line->buffer + line->filled, HEAD_SPACE - 1 - line->filled, 0);
        if (got <= 0) return got == 0 ? ECONNRESET : errno;
        line->filled += (size_t)got;
    }
    line->buffer[line->filled] = 0;
    return failure;
}

/// Copies the text of a member of an answer's JSON, which has no escapes.
static int member(const line *line, const char *name, char *copy, size_t space) {
    char marked[32];
    snprintf(marked, sizeof marked, "\"%s\":\"", name);
    const char *start = strstr(line->buffer + line->head, marked);
    if (!start) return EBADMSG;
    start += strlen(marked);
    size_t length = strcspn(start, "\"\\");
    if (start[length] != '"' || length >= space) return EBADMSG;
    memcpy(copy, start, length);
    copy[length] = 0;
    return 0;
}

static int get(run *run, line *line, long number) {
    const bench_transfers *plan = run->plan;
    char head[2048];
    int length = snprintf(
        head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", plan->paths[number % plan->path_count]);
    int failure = send_all(line, head, (size_t)length, 0);
    if (!failure) failure = read_head(line);
    if (!failure && line->body != plan->size) failure = EBADMSG;
    if (!failure) failure = drop_body(line);
    if (!failure) atomic_fetch_add(&run->bytes, line->body);
    return failure;
}

/// Sends the bytes of a file to a path.
static int put(const bench_transfers *plan, line *line, const char *path) {
    char head[2048];
    int length = snprintf(
        head, sizeof head,
        "PUT %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: %ld\r\n\r\n", path, plan->size);
    int failure = send_all(line, head, (size_t)length, 1);
    for (long sent = 0; sent < plan->size && !failure; sent += PIECE) {
        long piece = plan->size - sent < PIECE ? plan->size - sent : PIECE;
        failure = send_all(line, plan->piece, (size_t)piece, sent + piece < plan->size);
    }
    return failure ? failure : read_text(line);
}

static int post(const bench_transfers *plan, line *line, const char *path, const char *body) {
    char request[4096];
    int length = snprintf(
        request, sizeof request,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: %s\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n%s",
        path, plan->key, strlen(body), body);
    int failure = send_all(line, request, (size_t)length, 0);
    return failure ? failure : read_text(line);
}

/// The whole way of a file: an address, its bytes, its record.
static int upload(run *run, line *line, long number) {
    const bench_transfers *plan = run->plan;
    char body[2048], url[1024], key[256];
    snprintf(
        body, sizeof body,
        "{\"filename\":\"%ld.png\",\"contentType\":\"image/png\",\"fileSize\":%ld,\"visibility\":\"public\"}", number,
        plan->size);
    int failure = post(plan, line, "/v1/files/presigned-url", body);
    if (!failure) failure = member(line, "url", url, sizeof url);
    if (!failure) failure = member(line, "key", key, sizeof key);
    const char *path = failure ? NULL : strstr(url, "/storage/");
    if (!failure && !path) failure = EBADMSG;
    if (!failure) failure = put(plan, line, path);
    if (!failure) {
        snprintf(
            body, sizeof body,
            "{\"s3Key\":\"%s\",\"originalName\":\"%ld.png\",\"mimeType\":\"image/png\",\"size\":%ld,"
            "\"visibility\":\"public\"}",
            key, number, plan->size);
        failure = post(plan, line, "/v1/files", body);
    }
    if (!failure && plan->take) {
        failure = pthread_mutex_lock(plan->lock);
        if (!failure) {
            plan->take(plan->context, path);
            pthread_mutex_unlock(plan->lock);
        }
    }
    if (!failure) atomic_fetch_add(&run->bytes, plan->size);
    return failure;
}

/// Only the bytes, to a path of the client's choice.
static int store(run *run, line *line, long number) {
    char path[64];
    snprintf(path, sizeof path, "/stored/%ld", number);
    int failure = put(run->plan, line, path);
    if (!failure) atomic_fetch_add(&run->bytes, run->plan->size);
    return failure;
}

static void *work(void *context) {
    run *run = context;
    line *line = malloc(sizeof *line);
    int failure = line ? open_line(line, run->plan->port) : ENOMEM;
    while (!failure && !atomic_load(&run->failure)) {
        long number = atomic_fetch_add(&run->next, 1);
        if (number >= run->plan->count) break;
        switch (run->plan->kind) {
        case BENCH_GET: failure = get(run, line, number); break;
        case BENCH_UPLOAD: failure = upload(run, line, number); break;
        case BENCH_PUT: failure = store(run, line, number); break;
        }
    }
    if (failure) {
        int none = 0;
        atomic_compare_exchange_strong(&run->failure, &none, failure);
    }
    if (line) {
        if (line->descriptor >= 0) close(line->descriptor);
        free(line);
    }
    return NULL;
}

bench_load_result bench_transfers_run(bench_transfers plan) {
    bench_load_result result = {0};
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    char *piece = malloc(PIECE);
    pthread_t threads[256];
    int started = 0;
    if (!piece || plan.connections > 256) {
        result.failure = ENOMEM;
        free(piece);
        return result;
    }
    for (int i = 0; i < PIECE; i++) piece[i] = (char)(i * 131 + i / 251);
    plan.piece = piece;
    plan.lock = &lock;
    run run = {.plan = &plan};
    double begun = now();
    for (; started < plan.connections; started++) {
        if (pthread_create(&threads[started], NULL, work, &run) != 0) {
            atomic_store(&run.failure, EAGAIN);
            break;
        }
    }
    for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
    result.seconds = now() - begun;
    result.failure = atomic_load(&run.failure);
    result.bytes = atomic_load(&run.bytes);
    result.answers = result.failure ? 0 : plan.count;
    free(piece);
    return result;
}
