#define _GNU_SOURCE
#include "CLoad.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

// What one would write by hand to keep uploads: a thread for each connection, the bytes hashed on their way into a file
// that is synced, renamed and synced once more by its folder, and a log in which each step of an upload is a synced line,
// as it is a synced commit in a database.

enum { HEAD_SPACE = 1 << 14, PIECE = 1 << 18 };

typedef struct {
    _Alignas(16) char state[256];
} sha256;

static struct {
    int folder;
    int log;
    int port;
    pthread_mutex_t turn;
    pthread_cond_t has_synced;
    /// How many lines of the log are written, and how many of them are synced.
    long written;
    long synced;
    int is_syncing;
    int (*begin)(void *);
    int (*add)(void *, const void *, size_t);
    int (*end)(unsigned char *, void *);
} shared = {.turn = PTHREAD_MUTEX_INITIALIZER, .has_synced = PTHREAD_COND_INITIALIZER};

/// A line of the log, synced before the answer. Lines that wait at the same time share a sync.
static int note(const char *what, const char *key) {
    char text[512];
    int length = snprintf(text, sizeof text, "%s %s\n", what, key);
    int failure = 0;
    pthread_mutex_lock(&shared.turn);
    if (write(shared.log, text, (size_t)length) != length) failure = EIO;
    long line = ++shared.written;
    while (!failure && shared.synced < line) {
        if (shared.is_syncing) {
            pthread_cond_wait(&shared.has_synced, &shared.turn);
            continue;
        }
        long through = shared.written;
        shared.is_syncing = 1;
        pthread_mutex_unlock(&shared.turn);
        int is_synced = fdatasync(shared.log) == 0;
        pthread_mutex_lock(&shared.turn);
        shared.is_syncing = 0;
        if (is_synced) shared.synced = through;
        else failure = EIO;
        pthread_cond_broadcast(&shared.has_synced);
    }
    pthread_mutex_unlock(&shared.turn);
    return failure;
}

static void hex(const unsigned char *bytes, int count, char *text) {
    for (int i = 0; i < count; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int answer(int connection, const char *status, const char *body) {
    char text[2048];
    int length = snprintf(
        text, sizeof text,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nETag: \"x\"\r\nContent-Length: %zu\r\n\r\n%s", status,
        strlen(body), body);
    return send(connection, text, (size_t)length, MSG_NOSIGNAL) == length ? 0 : EPIPE;
}

/// Takes the bytes of a PUT: `held` of them are in the buffer already.
static int take(int connection, const char *name, char *buffer, long held, long length) {
    char draft[128], digest[65];
    unsigned char found[32];
    sha256 hash;
    snprintf(draft, sizeof draft, "%s.part", name);
    int file = openat(shared.folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return errno;
    shared.begin(&hash);
    long left = length;
    int failure = 0;
    while (left > 0 && !failure) {
        if (held == 0) {
            held = recv(connection, buffer, left < PIECE ? (size_t)left : PIECE, 0);
            if (held <= 0) {
                failure = ECONNRESET;
                break;
            }
        }
        shared.add(&hash, buffer, (size_t)held);
        for (long written = 0; written < held && !failure;) {
            ssize_t count = write(file, buffer + written, (size_t)(held - written));
            if (count <= 0) failure = errno;
            else written += count;
        }
        left -= held;
        held = 0;
    }
    shared.end(found, &hash);
    hex(found, 32, digest);
    if (!failure && fsync(file) != 0) failure = errno;
    if (!failure && renameat(shared.folder, draft, shared.folder, name) != 0) failure = errno;
    if (!failure && fsync(shared.folder) != 0) failure = errno;
    close(file);
    return failure ? failure : note("stored", digest);
}

/// Answers one request, whose head ends at `end`; more of it may follow in the buffer.
static int handle(int connection, char *buffer, size_t filled, char *end) {
    char *length_field = strcasestr(buffer, "\r\ncontent-length:");
    long length = length_field && length_field < end ? atol(length_field + 17) : 0;
    long held = (long)(buffer + filled - (end + 4));
    char text[1024], key[33];
    if (strncmp(buffer, "PUT /storage/", 13) == 0) {
        memcpy(key, buffer + 13, 32);
        key[32] = 0;
        memmove(buffer, end + 4, (size_t)held);
        int failure = take(connection, key, buffer, held, length);
        return failure ? failure : answer(connection, "200 OK", "{}");
    }
    int is_presign = strncmp(buffer, "POST /v1/files/presigned-url ", 29) == 0;
    if (!is_presign && strncmp(buffer, "POST /v1/files ", 15) != 0) return EBADMSG;
    // Bodies are small; what hasn't come with the head is read after it.
    for (long left = length - held; left > 0;) {
        ssize_t got = recv(connection, buffer, (size_t)(left < PIECE ? left : PIECE), 0);
        if (got <= 0) return ECONNRESET;
        left -= got;
    }
    unsigned char random[16];
    if (getrandom(random, sizeof random, 0) != sizeof random) return errno;
    hex(random, 16, key);
    int failure = note(is_presign ? "issued" : "registered", key);
    if (failure) return failure;
    snprintf(
        text, sizeof text,
        is_presign ? "{\"key\":\"%s\",\"url\":\"http://127.0.0.1:%d/storage/%s\"}" : "{\"id\":\"%s\"}", key, shared.port,
        key);
    return answer(connection, is_presign ? "200 OK" : "201 Created", text);
}

static void *serve(void *context) {
    int connection = (int)(long)context;
    char *buffer = malloc(PIECE);
    size_t filled = 0;
    while (buffer) {
        ssize_t got = recv(connection, buffer + filled, HEAD_SPACE - 1 - filled, 0);
        if (got <= 0) break;
        filled += (size_t)got;
        buffer[filled] = 0;
        char *end = strstr(buffer, "\r\n\r\n");
        if (!end && filled + 1 < HEAD_SPACE) continue;
        if (!end || handle(connection, buffer, filled, end) != 0) break;
        filled = 0;
    }
    free(buffer);
    close(connection);
    return NULL;
}

int bench_baseline_open(const char *folder) {
    void *library = dlopen("libcrypto.so.3", RTLD_NOW);
    if (!library) return -ELIBACC;
    shared.begin = (int (*)(void *))dlsym(library, "SHA256_Init");
    shared.add = (int (*)(void *, const void *, size_t))dlsym(library, "SHA256_Update");
    shared.end = (int (*)(unsigned char *, void *))dlsym(library, "SHA256_Final");
    if (!shared.begin || !shared.add || !shared.end) return -ELIBACC;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    shared.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (shared.folder < 0) return -errno;
    shared.log = openat(shared.folder, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (shared.log < 0 || listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, 512) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        return -errno;
    }
    shared.port = ntohs(address.sin_port);
    return listener;
}

int bench_baseline_port(void) { return shared.port; }

void bench_baseline_serve(int listener) {
    for (;;) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        int on = 1;
        pthread_t thread;
        if (connection < 0) continue;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (pthread_create(&thread, NULL, serve, (void *)(long)connection) != 0) close(connection);
        else pthread_detach(thread);
    }
}
