#define _GNU_SOURCE
#include "CLoad.h"
#include "child.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/// What arrived, and when it goes on; without bytes, that the sender has ended. All wait equally long, so that the
/// oldest is always the next.
typedef struct chunk {
    struct chunk *next;
    double due;
    int target;
    size_t length;
    char bytes[];
} chunk;

enum { MOST_DESCRIPTORS = 4096 };
static int other_end[MOST_DESCRIPTORS];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void join(int poller, int listener, int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((unsigned short)port)};
    int near = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
    int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (near < 0 || far < 0 || near >= MOST_DESCRIPTORS || far >= MOST_DESCRIPTORS ||
        connect(far, (struct sockaddr *)&address, sizeof address) != 0) {
        if (near >= 0) close(near);
        if (far >= 0) close(far);
        return;
    }
    setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    other_end[near] = far;
    other_end[far] = near;
    child_watch(poller, near);
    child_watch(poller, far);
}

static void pass_on(chunk *chunk) {
    if (chunk->length == 0) shutdown(chunk->target, SHUT_WR);
    for (size_t sent = 0; sent < chunk->length;) {
        ssize_t more = send(chunk->target, chunk->bytes + sent, chunk->length - sent, MSG_NOSIGNAL);
        if (more <= 0) return;
        sent += (size_t)more;
    }
}

typedef struct {
    int port;
    double delay;
} detour;

/// Runs until `parent` reports its end. Descriptors are kept until then: one that ended may have chunks under way.
static void serve(int listener, int parent, const void *context) {
    const detour *detour = context;
    static char buffer[65536];
    chunk *first = NULL, **last = &first;
    int poller = epoll_create1(EPOLL_CLOEXEC);
    child_watch(poller, listener);
    child_watch(poller, parent);
    for (;;) {
        struct epoll_event events[64];
        int wait = first ? (int)((first->due - now()) * 1000 + 0.999) : -1;
        int count = epoll_wait(poller, events, 64, first && wait < 0 ? 0 : wait);
        for (int i = 0; i < count; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == parent) return;
            if (descriptor == listener) {
                join(poller, listener, detour->port);
                continue;
            }
            ssize_t got = recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, NULL);
            size_t length = got > 0 ? (size_t)got : 0;
            chunk *new = malloc(sizeof *new + length);
            if (!new) return;
            *new = (chunk){.due = now() + detour->delay, .target = other_end[descriptor], .length = length};
            memcpy(new->bytes, buffer, length);
            *last = new;
            last = &new->next;
        }
        while (first && first->due <= now()) {
            chunk *done = first;
            pass_on(done);
            first = done->next;
            if (!first) last = &first;
            free(done);
        }
    }
}

int bench_delay_start(int port, int milliseconds) {
    detour detour = {port, milliseconds / 2000.0};
    return child_start(serve, &detour);
}
