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

// MARK: An HTTP server of one large table

typedef struct bench_table bench_table;

/// Starts a process that answers list requests (rest-api.md §4: `limit`, `page`, `sortDirection`, ranges of `id`,
/// `createdAt` and `updatedAt`) and `/spec`, for any table's name, with rows of about 0.5 KB made as they are asked for.
/// It ends with the calling process, which may not have threads yet. NULL when it could not be started.
bench_table *bench_table_start(long rows);

/// Where it listens on 127.0.0.1.
int bench_table_port(const bench_table *table);

/// How many requests it has answered.
long bench_table_requests(const bench_table *table);

/// Deletes so many rows, up to 1024, all over the table.
void bench_table_remove(bench_table *table, int count);

/// The id of a row.
void bench_table_id(long row, char out[25]);

// MARK: A server that is far away

/// Starts a process that passes bytes on to and from 127.0.0.1:`port`, each half of a round trip late. It ends with the
/// calling process; of what may have been locked by another thread it uses nothing but memory. Returns its port, or the negative errno.
int bench_delay_start(int port, int milliseconds);

// MARK: Pages by a bare libcurl multi loop

/// Gets each URL once, `in_flight` at a time, and hands over each body. Returns how many there were, -1 when one failed.
int bench_fetch_pages(
    const char *const *urls, int count, int in_flight, const char *header,
    void (*take)(void *context, const char *bytes, size_t length), void *context);

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
    /// Answers of status 200 or 201.
    long answers;
    /// The bytes of their bodies.
    long bytes;
    /// 0, or the errno that ended the run early (EBADMSG: an answer of another status, or without a Content-Length).
    int failure;
} bench_load_result;

/// Sends `total` requests to 127.0.0.1 over kept connections, one in flight on each, and takes the requests in turn.
/// Each request is a whole one: head, blank line, body. `latencies`, unless NULL, takes each request's seconds from the
/// send to the last byte of the answer, in the order of sending.
bench_load_result bench_load_run(
    int port, int connections, const char *const *requests, int request_count, long total, float *latencies);

// MARK: Files

typedef enum {
    /// GET of a path.
    BENCH_GET,
    /// An address, a PUT of the bytes to it, and the record (rest-api.md §9).
    BENCH_UPLOAD,
    /// A PUT of the bytes to a path of its own.
    BENCH_PUT,
} bench_transfer_kind;

typedef struct {
    bench_transfer_kind kind;
    int port;
    /// How many threads work, with one connection each; 256 at most.
    int connections;
    /// How many files there are, and how many bytes each has.
    long count;
    long size;
    /// What a GET asks for, taken in turn.
    const char *const *paths;
    long path_count;
    /// The API key of an upload.
    const char *key;
    /// Takes the path of each uploaded file, with its query; one call at a time. May be NULL.
    void (*take)(void *context, const char *path);
    void *context;
    /// Set by the run.
    const char *piece;
    void *lock;
} bench_transfers;

/// Moves files from or to 127.0.0.1 over raw sockets; bodies that come are dropped.
bench_load_result bench_transfers_run(bench_transfers plan);

/// Opens a hand-written server of uploads over a folder: the listener, or a negative errno (ELIBACC: no libcrypto).
int bench_baseline_open(const char *folder);
/// Where it listens on 127.0.0.1.
int bench_baseline_port(void);
/// Serves until the process ends.
void bench_baseline_serve(int listener);

#endif
