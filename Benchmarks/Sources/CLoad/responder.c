#define _GNU_SOURCE
#include "CLoad.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void watch(int poller, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

/// Runs until `parent` reports its end. Requests are small and without a body, so that one read has a whole one.
static void serve(int listener, int parent, const void *answer, size_t length) {
    static char buffer[65536];
    int poller = epoll_create1(EPOLL_CLOEXEC);
    watch(poller, listener);
    watch(poller, parent);
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
                watch(poller, connection);
                continue;
            }
            ssize_t got = recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) {
                close(descriptor);
            } else if (got >= 4 && memcmp(buffer + got - 4, "\r\n\r\n", 4) == 0) {
                send(descriptor, answer, length, MSG_NOSIGNAL);
            }
        }
    }
}

int bench_responder_start(const void *answer, size_t length) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int life[2];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 512) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 || pipe2(life, O_CLOEXEC) != 0) {
        return -errno;
    }
    pid_t child = fork();
    if (child < 0) return -errno;
    if (child == 0) {
        close(life[1]);
        serve(listener, life[0], answer, length);
        _exit(0);
    }
    // The writing end stays open, unused, as long as this process lives.
    close(life[0]);
    close(listener);
    return ntohs(address.sin_port);
}
