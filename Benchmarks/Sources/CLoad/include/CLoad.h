#ifndef BKEND_BENCHMARKS_CLOAD_H
#define BKEND_BENCHMARKS_CLOAD_H

// What is compared with, and what drives it: written in C, so that it costs as little as it can.

#include <stddef.h>

// MARK: An HTTP server that answers every request with the same bytes

/// Starts a process that answers each request on a free port of 127.0.0.1 with `answer` (a whole HTTP/1.1 answer, head
/// and body). It ends with the calling process. It makes nothing but system calls, so that the caller may have threads.
///
/// Returns the port, or the negative errno.
int bench_responder_start(const void *answer, size_t length);

// MARK: A bare libcurl multi loop

typedef struct bench_bare_loop bench_bare_loop;

/// A loop that gets one URL; NULL when there is no memory. Handles and connections are kept between runs.
bench_bare_loop *bench_bare_open(const char *url, const char *header, int in_flight);

/// Gets the URL `total` times. Returns how many body bytes were answered with status 200.
long bench_bare_run(bench_bare_loop *loop, long total);

void bench_bare_close(bench_bare_loop *loop);

// MARK: A load generator over raw sockets

typedef struct {
    /// From the first request sent to the last answer read, without the time to connect.
    double seconds;
    /// Answers of status 200.
    long answers;
    /// The bytes of their bodies.
    long bytes;
    /// 0, or the errno that ended the run early (EBADMSG: an answer that isn't status 200 with a Content-Length).
    int failure;
} bench_load_result;

/// Sends `total` requests to 127.0.0.1 over kept connections, one in flight on each, and takes the requests in turn.
/// Each request is a whole one: head, blank line.
bench_load_result bench_load_run(
    int port, int connections, const char *const *requests, int request_count, long total);

#endif
