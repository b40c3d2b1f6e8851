#define _GNU_SOURCE
#include "CLoad.h"
#include "child.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Row n was made and last changed n tenths of a second after a fixed moment, and its id begins with that second. So the
// order by id, by createdAt and by updatedAt is one, every condition is a range of numbers, and no row has to be kept.

enum { FIRST_SECOND = 1700000000, ID_LENGTH = 24, MOST_REMOVED = 1024, ANSWER_SPACE = 1 << 18 };

struct bench_table {
    int port;
    long rows;
    _Atomic long requests;
    /// Numbers of the rows that were deleted, ascending.
    long removed[MOST_REMOVED];
    _Atomic int removed_count;
};

static void put_id(char out[ID_LENGTH + 1], long row) {
    snprintf(out, ID_LENGTH + 1, "%08lx5f1a2b3c4d%06lx", FIRST_SECOND + row / 10, row);
}

static void put_stamp(char out[32], long row) {
    time_t second = FIRST_SECOND + row / 10;
    struct tm parts;
    gmtime_r(&second, &parts);
    size_t length = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + length, 32 - length, ".%ld00Z", row % 10);
}

/// The first row whose id or stamp is not below a text, or not even equal to it.
static long position(const bench_table *table, const char *text, size_t length, int past_equal) {
    long low = 0, high = table->rows;
    char own[32];
    while (low < high) {
        long middle = (low + high) / 2;
        if (length == ID_LENGTH && text[4] != '-') put_id(own, middle);
        else put_stamp(own, middle);
        int order = strncmp(own, text, length);
        if (order < 0 || (past_equal && order == 0)) low = middle + 1;
        else high = middle;
    }
    return low;
}

static long removed_below(const bench_table *table, long row) {
    long count = 0;
    while (count < table->removed_count && table->removed[count] < row) count++;
    return count;
}

static int is_removed(const bench_table *table, long row) {
    return removed_below(table, row + 1) > removed_below(table, row);
}

// MARK: Reading a request

/// Undoes percent-encoding in place.
static void decode(char *text) {
    char *out = text;
    for (; *text; text++) {
        unsigned byte;
        if (*text == '%' && sscanf(text + 1, "%2x", &byte) == 1) {
            *out++ = (char)byte;
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = 0;
}

static long parameter(const char *query, const char *name, long otherwise) {
    const char *place = strstr(query, name);
    return place ? strtol(place + strlen(name), NULL, 10) : otherwise;
}

/// Narrows a range of rows by each operator that stands in the filter.
static void narrow(const bench_table *table, const char *query, long *low, long *high) {
    static const struct { const char *text; int is_lower, past_equal; } operators[] = {
        {"\"$gt\":\"", 1, 1}, {"\"$gte\":\"", 1, 0}, {"\"$lt\":\"", 0, 0}, {"\"$lte\":\"", 0, 1}};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        const char *place = query;
        while ((place = strstr(place, operators[i].text))) {
            place += strlen(operators[i].text);
            long row = position(table, place, strcspn(place, "\""), operators[i].past_equal);
            if (operators[i].is_lower && row > *low) *low = row;
            if (!operators[i].is_lower && row < *high) *high = row;
        }
    }
}

// MARK: Answering

typedef struct {
    char *bytes;
    size_t length;
} text;

static void put(text *out, const char *format, ...) {
    va_list values;
    va_start(values, format);
    out->length += (size_t)vsnprintf(out->bytes + out->length, ANSWER_SPACE - out->length, format, values);
    va_end(values);
}

static void put_row(text *out, long row) {
    static const char words[] = "Some words about it. Some words about it. Some words about it. Some words about it. "
        "Some words about it. Some words about it. Some words about it. Some words about it. Some words about it. ";
    char id[ID_LENGTH + 1], stamp[32];
    put_id(id, row);
    put_stamp(stamp, row);
    put(out, "{\"id\":\"%s\",\"title\":\"Article number %ld\",\"body\":\"%s\",\"category\":\"category-%ld\","
        "\"views\":%ld,\"price\":%ld.25,\"isPublished\":%s,\"tags\":[\"swift\",\"database\"],"
        "\"author\":{\"name\":\"Kim Minji\",\"city\":\"Seoul\"},", id, row, words, row % 100, row % 1000, row % 997,
        row % 2 ? "true" : "false");
    put(out, "\"createdBy\":\"0b5a3c1e-7d1f-4c55-9a61-3f0c1de2a001\",\"createdAt\":\"%s\",\"updatedAt\":\"%s\"}",
        stamp, stamp);
}

static void put_list(text *out, const bench_table *table, char *query) {
    long low = 0, high = table->rows;
    decode(query);
    narrow(table, query, &low, &high);
    long limit = parameter(query, "limit=", 20), page = parameter(query, "page=", 1);
    long total = high > low ? high - low - (removed_below(table, high) - removed_below(table, low)) : 0;
    long skipped = (page - 1) * limit, shown = 0;
    int descends = !strstr(query, "sortDirection=asc");
    put(out, "{\"items\":[");
    long row = descends ? high - 1 - skipped : low + skipped;
    for (; shown < limit && row >= low && row < high; row += descends ? -1 : 1) {
        if (table->removed_count && is_removed(table, row)) continue;
        if (shown++) put(out, ",");
        put_row(out, row);
    }
    long pages = (total + limit - 1) / limit;
    put(out, "],\"pagination\":{\"total\":%ld,\"page\":%ld,\"limit\":%ld,\"totalPages\":%ld,\"hasNext\":%s,"
        "\"hasPrev\":%s}}", total, page, limit, pages, page < pages ? "true" : "false", page > 1 ? "true" : "false");
}

static void answer(int descriptor, bench_table *table, char *request) {
    static char head_space[512], body_space[ANSWER_SPACE];
    static const char spec[] = "{\"tableName\":\"articles\",\"schema\":{\"bsonType\":\"object\",\"properties\":{}},"
        "\"indexes\":[],\"permissions\":{},\"additionalProperties\":true}";
    text body = {body_space, 0};
    table->requests++;
    request[strcspn(request, "\r")] = 0;
    char *query = strchr(request, '?');
    if (strstr(request, "/spec ")) put(&body, "%s", spec);
    else put_list(&body, table, query ? query : request);
    char date[64];
    time_t now = time(NULL);
    struct tm parts;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
    int length = snprintf(head_space, sizeof head_space,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nDate: %s\r\nContent-Length: %zu\r\n\r\n",
        date, body.length);
    send(descriptor, head_space, (size_t)length, MSG_NOSIGNAL | MSG_MORE);
    for (size_t sent = 0; sent < body.length;) {
        ssize_t more = send(descriptor, body.bytes + sent, body.length - sent, MSG_NOSIGNAL);
        if (more <= 0) return;
        sent += (size_t)more;
    }
}

// MARK: The process

/// Runs until `parent` reports its end. Requests are small and without a body, so that one read has a whole one.
static void serve(int listener, int parent, const void *context) {
    bench_table *table = (bench_table *)context;
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
                int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1, space = 1 << 20;
                if (connection < 0) continue;
                setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &space, sizeof space);
                child_watch(poller, connection);
                continue;
            }
            ssize_t got = recv(descriptor, buffer, sizeof buffer - 1, MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) {
                close(descriptor);
                continue;
            }
            buffer[got] = 0;
            if (got >= 4 && memcmp(buffer + got - 4, "\r\n\r\n", 4) == 0) answer(descriptor, table, buffer);
        }
    }
}

bench_table *bench_table_start(long rows) {
    bench_table *table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED) return NULL;
    table->rows = rows;
    table->port = child_start(serve, table);
    return table->port < 0 ? NULL : table;
}

int bench_table_port(const bench_table *table) { return table->port; }

long bench_table_requests(const bench_table *table) { return table->requests; }

void bench_table_remove(bench_table *table, int count) {
    if (count > MOST_REMOVED) count = MOST_REMOVED;
    for (int i = 0; i < count; i++) table->removed[i] = (2 * i + 1) * table->rows / (2 * count) + i;
    table->removed_count = count;
}

void bench_table_id(long row, char out[25]) { put_id(out, row); }
