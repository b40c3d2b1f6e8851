#define _GNU_SOURCE
#include "CLoad.h"
#include "child.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    const void *answer;
    size_t length;
} reply;

/// Runs until `parent` reports its end. Requests are small and without a body, so that one read has a whole one.
static void serve(int listener, int parent, const void *context) {
    const reply *reply = context;
    static char buffer[65536];
    int poller = epoll_create1(EPOLL_CLOEXEC);
    child_watch(poller, listener);
    child_watch(poller, parent);
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(poller, events, 64, -1);
        for (int i = 0; i < count; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == parent) return;
            if (descriptor == listener) {
                int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                int on = 1;
                if (connection < 0) continue;
                setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                child_watch(poller, connection);
                continue;
            }
            ssize_t got = recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) {
                close(descriptor);
            } else if (got >= 4 && memcmp(buffer + got - 4, "\r\n\r\n", 4) == 0) {
                send(descriptor, reply->answer, reply->length, MSG_NOSIGNAL);
            }
        }
    }
}

int bench_responder_start(const void *answer, size_t length) {
    reply reply = {answer, length};
    return child_start(serve, &reply);
}
