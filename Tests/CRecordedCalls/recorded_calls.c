// The functions that are defined here must keep their own names: no aliases for large files.
#undef _FILE_OFFSET_BITS
// Nor are they to be replaced by ones that check sizes.
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include "recorded_calls.h"
#include "../CFaultCalls/system_call.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/// Held over a call and its entry.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int journal = -1;
/// The folder's path, without links.
static char root[PATH_MAX];
static size_t root_length;
/// How many entries this process has made, and after how many it ends; 0 for never.
static long entries, last;

/// A log with a gap would be taken for the whole.
static void give_up(const char *what) {
    fprintf(stderr, "recorded calls: %s: %s\n", what, strerror(errno));
    abort();
}

static void begin(void) {
    const char *folder = getenv("BKEND_RECORDED_FOLDER"), *log = getenv("BKEND_RECORDED_LOG");
    if (!folder || !log) return;
    if (!realpath(folder, root)) give_up(folder);
    root_length = strlen(root);
    journal = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) give_up(log);
    const char *end = getenv("BKEND_RECORDED_END");
    if (end) last = atol(end);
}

/// Lets the next call pass, if there is to be one.
static void release(void) {
    // By the system's own call: a sanitizer would still have its say in _exit, and another status.
    if (last > 0 && entries >= last) syscall(SYS_exit_group, RECORDED_CALLS_KILLED);
    pthread_mutex_unlock(&turn);
}

static bool is_recording(void) {
    pthread_once(&once, begin);
    return journal >= 0;
}

void recorded_calls_exit(int code) {
    pthread_mutex_lock(&turn);
    _exit(code);
}

// MARK: What a call is about

/// The part of an absolute path that is behind the folder's; NULL for one that isn't in it.
static const char *behind(const char *path) {
    if (strncmp(path, root, root_length) != 0) return NULL;
    if (path[root_length] == 0) return path + root_length;
    return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

typedef struct {
    /// The whole path, with what is behind the folder's in it.
    char path[PATH_MAX];
    const char *tail;
    ino_t number;
} place;

/// Whether a descriptor is the folder or something in it, also if its name is gone.
static bool has_descriptor(int file, place *place) {
    if (!is_recording()) return false;
    int number = errno;
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, place->path, sizeof place->path - 1);
    struct stat status;
    bool is_in = false;
    if (length > 0) {
        place->path[length] = 0;
        place->tail = behind(place->path);
        is_in = place->tail && fstat(file, &status) == 0;
    }
    if (is_in) place->number = status.st_ino;
    errno = number;
    return is_in;
}

/// Whether a path leads to the folder or something in it; a link at its end isn't followed.
static bool has_path(int folder, const char *path, place *place) {
    if (!is_recording() || !path) return false;
    int number = errno;
    char around[PATH_MAX + 32];
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length -= 1;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/') start -= 1;
    bool is_in = false;
    if (length > 0 && length < PATH_MAX) {
        if (folder == AT_FDCWD || path[0] == '/') {
            snprintf(around, sizeof around, "%.*s", start ? (int)start : 1, start ? path : ".");
        } else {
            snprintf(around, sizeof around, "/proc/self/fd/%d/%.*s", folder, (int)start, path);
        }
        if (realpath(around, place->path)) {
            size_t end = strlen(place->path);
            int room = (int)(sizeof place->path - end);
            int added = snprintf(place->path + end, (size_t)room, "/%.*s", (int)(length - start), path + start);
            place->tail = behind(place->path);
            is_in = added < room && place->tail;
        }
    }
    errno = number;
    return is_in;
}

// MARK: The log

static void append(const void *bytes, size_t count) {
    const char *rest = bytes;
    while (count > 0) {
        ssize_t written = syscall(SYS_write, journal, rest, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) give_up("can't write the log");
        rest += written;
        count -= (size_t)written;
    }
}

__attribute__((format(printf, 1, 2))) static void note(const char *form, ...) {
    char line[2 * PATH_MAX + 128];
    va_list rest;
    va_start(rest, form);
    int length = vsnprintf(line, sizeof line, form, rest);
    va_end(rest);
    if (length < 0 || (size_t)length >= sizeof line) give_up("a line is too long");
    append(line, (size_t)length);
    entries += 1;
}

static void note_bytes(ino_t number, off64_t offset, const struct iovec *pieces, int count, ssize_t written) {
    note("write\t%ju\t%jd\t%zd\n", (uintmax_t)number, (intmax_t)offset, written);
    for (int index = 0; index < count && written > 0; index++) {
        size_t piece = pieces[index].iov_len < (size_t)written ? pieces[index].iov_len : (size_t)written;
        append(pieces[index].iov_base, piece);
        written -= (ssize_t)piece;
    }
}

static void note_escape(const char *call, const char *name) { note("escape\t%s\t%s\n", call, name); }

/// Runs a call with the lock held, and `entry` if it succeeded.
#define RECORD(result, call, entry) \
    pthread_mutex_lock(&turn); \
    result = call; \
    if (result >= 0) { \
        int number = errno; \
        entry; \
        errno = number; \
    } \
    release();

// MARK: Opening

static int open_recorded(int folder, const char *path, int flags, mode_t mode) {
    place place;
    bool is_unnamed = (flags & O_TMPFILE) == O_TMPFILE;
    bool changes = flags & (O_CREAT | O_TRUNC) || is_unnamed;
    if (!changes || !has_path(folder, path, &place)) return (int)syscall(SYS_openat, folder, path, flags, mode);
    pthread_mutex_lock(&turn);
    struct stat status;
    int number = errno;
    bool was_there = fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    bool was_link = was_there && S_ISLNK(status.st_mode);
    errno = number;
    int file = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (file >= 0) {
        fstat(file, &status);
        if (is_unnamed || was_link) note_escape("open", place.tail);
        else if (!was_there) note("make\t%ju\t%s\n", (uintmax_t)status.st_ino, place.tail);
        else if (flags & O_TRUNC) note("size\t%ju\t0\n", (uintmax_t)status.st_ino);
    }
    release();
    return file;
}

#define OPEN(name, parameters, folder, more) \
    int name parameters { \
        mode_t mode = 0; \
        if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        return open_recorded(folder, path, flags | more, mode); \
    }

OPEN(open, (const char *path, int flags, ...), AT_FDCWD, 0)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, O_LARGEFILE)
OPEN(openat, (int folder, const char *path, int flags, ...), folder, 0)
OPEN(openat64, (int folder, const char *path, int flags, ...), folder, O_LARGEFILE)

int creat(const char *path, mode_t mode) { return open_recorded(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/// The C library opens files for these by itself.
#define OPEN_TEMPORARY(name, parameters, ...) \
    int name parameters { \
        SYSTEM(name) \
        place place; \
        if (!has_path(AT_FDCWD, path, &place)) return system_call(__VA_ARGS__); \
        int file; \
        RECORD(file, system_call(__VA_ARGS__), { \
            if (has_descriptor(file, &place)) note("make\t%ju\t%s\n", (uintmax_t)place.number, place.tail); \
        }) \
        return file; \
    }

OPEN_TEMPORARY(mkstemp, (char *path), path)
OPEN_TEMPORARY(mkstemp64, (char *path), path)
OPEN_TEMPORARY(mkostemp, (char *path, int flags), path, flags)
OPEN_TEMPORARY(mkostemp64, (char *path, int flags), path, flags)
OPEN_TEMPORARY(mkstemps, (char *path, int suffix), path, suffix)
OPEN_TEMPORARY(mkstemps64, (char *path, int suffix), path, suffix)

/// And writes for these.
#define OPEN_STREAM(name, parameters, ...) \
    FILE *name parameters { \
        SYSTEM(name) \
        place place; \
        if (strpbrk(mode, "wa+") && has_path(AT_FDCWD, path, &place)) { \
            pthread_mutex_lock(&turn); \
            note_escape(#name, place.tail); \
            release(); \
        } \
        return system_call(__VA_ARGS__); \
    }

OPEN_STREAM(fopen, (const char *path, const char *mode), path, mode)
OPEN_STREAM(fopen64, (const char *path, const char *mode), path, mode)
OPEN_STREAM(freopen, (const char *path, const char *mode, FILE *stream), path, mode, stream)
OPEN_STREAM(freopen64, (const char *path, const char *mode, FILE *stream), path, mode, stream)

FILE *fdopen(int file, const char *mode) {
    SYSTEM(fdopen)
    place place;
    if (strpbrk(mode, "wa+") && has_descriptor(file, &place)) {
        pthread_mutex_lock(&turn);
        note_escape("fdopen", place.tail);
        release();
    }
    return system_call(file, mode);
}

// MARK: Bytes

/// Bytes go to a descriptor's own position, or to the end, and are there then.
#define WRITE(name, parameters, pieces, count, ...) \
    ssize_t name parameters { \
        SYSTEM(name) \
        place place; \
        if (!has_descriptor(file, &place)) return system_call(__VA_ARGS__); \
        ssize_t written; \
        RECORD(written, system_call(__VA_ARGS__), { \
            note_bytes(place.number, lseek64(file, 0, SEEK_CUR) - written, pieces, count, written); \
        }) \
        return written; \
    }

/// Bytes go to a place that the caller names; the system appends them all the same to a file that was opened so.
#define WRITE_AT(name, parameters, pieces, count, ...) \
    ssize_t name parameters { \
        SYSTEM(name) \
        place place; \
        if (!has_descriptor(file, &place)) return system_call(__VA_ARGS__); \
        ssize_t written; \
        RECORD(written, system_call(__VA_ARGS__), { \
            if (fcntl(file, F_GETFL) & O_APPEND) note_escape(#name, place.tail); \
            note_bytes(place.number, at, pieces, count, written); \
        }) \
        return written; \
    }

#define ONE (&(struct iovec){.iov_base = (void *)bytes, .iov_len = size})

WRITE(write, (int file, const void *bytes, size_t size), ONE, 1, file, bytes, size)
WRITE(writev, (int file, const struct iovec *pieces, int count), pieces, count, file, pieces, count)
WRITE_AT(pwrite, (int file, const void *bytes, size_t size, off_t at), ONE, 1, file, bytes, size, at)
WRITE_AT(pwrite64, (int file, const void *bytes, size_t size, off64_t at), ONE, 1, file, bytes, size, at)
WRITE_AT(pwritev, (int file, const struct iovec *pieces, int count, off_t at), pieces, count, file, pieces, count, at)
WRITE_AT(pwritev64, (int file, const struct iovec *pieces, int count, off64_t at), pieces, count, file, pieces, count, at)

#define CUT(name, type) \
    int name(int file, type size) { \
        SYSTEM(name) \
        place place; \
        if (!has_descriptor(file, &place)) return system_call(file, size); \
        int result; \
        RECORD(result, system_call(file, size), { \
            note("size\t%ju\t%jd\n", (uintmax_t)place.number, (intmax_t)size); \
        }) \
        return result; \
    }

CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)

#define CUT_PATH(name, type) \
    int name(const char *path, type size) { \
        SYSTEM(name) \
        place place; \
        if (!has_path(AT_FDCWD, path, &place)) return system_call(path, size); \
        int result; \
        RECORD(result, system_call(path, size), { \
            struct stat status; \
            if (stat(path, &status) == 0) { \
                note("size\t%ju\t%jd\n", (uintmax_t)status.st_ino, (intmax_t)size); \
            } \
        }) \
        return result; \
    }

CUT_PATH(truncate, off_t)
CUT_PATH(truncate64, off64_t)

/// Written down instead of made: the process lives, and so what it has written is there, and a sync would only take time.
#define SYNC(name) \
    int name(int file) { \
        SYSTEM(name) \
        place place; \
        if (!has_descriptor(file, &place)) return system_call(file); \
        int result; \
        RECORD(result, 0, note("sync\t%ju\n", (uintmax_t)place.number)) \
        return result; \
    }

SYNC(fsync)
SYNC(fdatasync)

// MARK: Names

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int mkdirat(int folder, const char *path, mode_t mode) {
    SYSTEM(mkdirat)
    place place;
    if (!has_path(folder, path, &place)) return system_call(folder, path, mode);
    int result;
    RECORD(result, system_call(folder, path, mode), {
        struct stat status;
        if (fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) != 0) give_up(path);
        note("folder\t%ju\t%s\n", (uintmax_t)status.st_ino, place.tail);
    })
    return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int unlinkat(int folder, const char *path, int flags) {
    SYSTEM(unlinkat)
    place place;
    if (!has_path(folder, path, &place)) return system_call(folder, path, flags);
    int result;
    RECORD(result, system_call(folder, path, flags), note("remove\t%s\n", place.tail))
    return result;
}

int remove(const char *path) { return unlink(path) == 0 || (errno == EISDIR && rmdir(path) == 0) ? 0 : -1; }

/// A call on two paths: in the folder both or neither.
#define TWO(name, parameters, entry, from_folder, to_folder, ...) \
    int name parameters { \
        SYSTEM(name) \
        place source, target; \
        bool is_from = has_path(from_folder, from, &source), is_to = has_path(to_folder, to, &target); \
        if (!is_from && !is_to) return system_call(__VA_ARGS__); \
        int result; \
        RECORD(result, system_call(__VA_ARGS__), { \
            if (!is_from || !is_to || flags != 0) note_escape(#name, is_to ? target.tail : source.tail); \
            else note(entry "\t%s\t%s\n", source.tail, target.tail); \
        }) \
        return result; \
    }

TWO(renameat2, (int from_folder, const char *from, int to_folder, const char *to, unsigned int flags), "rename",
    from_folder, to_folder, from_folder, from, to_folder, to, flags)
TWO(linkat, (int from_folder, const char *from, int to_folder, const char *to, int flags), "link",
    from_folder, to_folder, from_folder, from, to_folder, to, flags)

int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return renameat2(from_folder, from, to_folder, to, 0);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

// MARK: What nothing here describes

#define ESCAPE_PATH(name, parameters, folder, ...) \
    int name parameters { \
        SYSTEM(name) \
        place place; \
        if (!has_path(folder, path, &place)) return system_call(__VA_ARGS__); \
        int result; \
        RECORD(result, system_call(__VA_ARGS__), note_escape(#name, place.tail)) \
        return result; \
    }

ESCAPE_PATH(symlink, (const char *target, const char *path), AT_FDCWD, target, path)
ESCAPE_PATH(symlinkat, (const char *target, int folder, const char *path), folder, target, folder, path)
ESCAPE_PATH(mknod, (const char *path, mode_t mode, dev_t device), AT_FDCWD, path, mode, device)
ESCAPE_PATH(mkfifo, (const char *path, mode_t mode), AT_FDCWD, path, mode)

#define ESCAPE_FILE(type, name, parameters, file, ...) \
    type name parameters { \
        SYSTEM(name) \
        place place; \
        if (!has_descriptor(file, &place)) return system_call(__VA_ARGS__); \
        type result; \
        RECORD(result, system_call(__VA_ARGS__), note_escape(#name, place.tail)) \
        return result; \
    }

ESCAPE_FILE(int, fallocate, (int file, int mode, off_t at, off_t count), file, file, mode, at, count)
ESCAPE_FILE(int, fallocate64, (int file, int mode, off64_t at, off64_t count), file, file, mode, at, count)
ESCAPE_FILE(int, posix_fallocate, (int file, off_t at, off_t count), file, file, at, count)
ESCAPE_FILE(int, posix_fallocate64, (int file, off64_t at, off64_t count), file, file, at, count)
ESCAPE_FILE(ssize_t, sendfile, (int to, int from, off_t *at, size_t count), to, to, from, at, count)
ESCAPE_FILE(ssize_t, sendfile64, (int to, int from, off64_t *at, size_t count), to, to, from, at, count)
ESCAPE_FILE(ssize_t, copy_file_range,
    (int from, off64_t *from_at, int to, off64_t *to_at, size_t count, unsigned int flags),
    to, from, from_at, to, to_at, count, flags)
ESCAPE_FILE(ssize_t, splice, (int from, off64_t *from_at, int to, off64_t *to_at, size_t count, unsigned int flags),
    to, from, from_at, to, to_at, count, flags)
ESCAPE_FILE(ssize_t, pwritev2, (int file, const struct iovec *pieces, int count, off_t at, int flags),
    file, file, pieces, count, at, flags)
ESCAPE_FILE(ssize_t, pwritev64v2, (int file, const struct iovec *pieces, int count, off64_t at, int flags),
    file, file, pieces, count, at, flags)

static void note_mapping(int file, int protection, int flags) {
    place place;
    if (file < 0 || !(protection & PROT_WRITE) || (flags & MAP_TYPE) == MAP_PRIVATE) return;
    if (!has_descriptor(file, &place)) return;
    size_t length = strlen(place.tail);
    if (length >= 4 && strcmp(place.tail + length - 4, "-shm") == 0) return;
    pthread_mutex_lock(&turn);
    note_escape("mmap", place.tail);
    release();
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t at) {
    note_mapping(file, protection, flags);
    return (void *)syscall(SYS_mmap, address, length, protection, flags, file, at);
}

void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t at) {
    note_mapping(file, protection, flags);
    return (void *)syscall(SYS_mmap, address, length, protection, flags, file, at);
}
