// The functions that are defined here must keep their own names: no aliases for large files.
#undef _FILE_OFFSET_BITS
#define _GNU_SOURCE
#include "fault_calls.h"
#include "system_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local struct {
    bool is_armed;
    fault_calls_mode mode;
    int64_t after;
    int64_t count;
    int64_t failures;
} state;

void fault_calls_arm(int64_t after, fault_calls_mode mode) {
    state.after = after;
    state.mode = mode;
    state.count = 0;
    state.failures = 0;
    state.is_armed = true;
}

void fault_calls_disarm(void) { state.is_armed = false; }
int64_t fault_calls_count(void) { return state.count; }
int64_t fault_calls_failures(void) { return state.failures; }

/// What a call does, as far as a disk without room or a read-only one cares.
typedef enum { READS, WRITES, CHANGES_NAMES, FREES_NAMES } effect;

/// Counts a call; whether it is to fail.
static bool fails(effect effect) {
    if (!state.is_armed) return false;
    int64_t number = state.count++;
    if (state.mode == FAULT_CALLS_FULL || state.mode == FAULT_CALLS_READ_ONLY) {
        bool is_full = state.mode == FAULT_CALLS_FULL;
        if (number < state.after || effect == READS || (is_full && effect == FREES_NAMES)) return false;
        state.failures += 1;
        errno = is_full ? ENOSPC : EROFS;
        return true;
    }
    if (state.mode == FAULT_CALLS_ONCE ? number != state.after : number < state.after) return false;
    // By the system's own call: a sanitizer would still have its say in _exit, and another status.
    if (state.mode == FAULT_CALLS_KILL) syscall(SYS_exit_group, FAULT_CALLS_KILLED);
    state.failures += 1;
    errno = EIO;
    return true;
}

#define CALL(effect, result, name, parameters, ...) \
    result name parameters { \
        SYSTEM(name) \
        return fails(effect) ? -1 : system_call(__VA_ARGS__); \
    }

static effect effect_of_opening(const char *path, int flags);

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        SYSTEM(name) \
        mode_t mode = 0; \
        if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        return fails(effect_of_opening(path, flags)) ? -1 : system_call(path, flags, mode); \
    }

/// A full disk lets a file that is there be opened for writing; a read-only one lets nothing be.
static effect effect_of_opening(const char *path, int flags) {
    if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_CREAT)) return READS;
    bool is_there = faccessat(AT_FDCWD, path, F_OK, 0) == 0;
    if (!is_there) return flags & O_CREAT ? WRITES : READS;
    return state.mode == FAULT_CALLS_FULL ? READS : WRITES;
}

/// SQLite cuts the file of its shared memory and writes it anew at each first opening: it takes the room that it frees.
static effect effect_of_writing(int file) {
    if (state.mode != FAULT_CALLS_FULL) return WRITES;
    char link[32], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name);
    return length > 4 && memcmp(name + length - 4, "-shm", 4) == 0 ? READS : WRITES;
}

OPEN(open)
OPEN(open64)
CALL(READS, ssize_t, read, (int file, void *bytes, size_t count), file, bytes, count)
CALL(WRITES, ssize_t, write, (int file, const void *bytes, size_t count), file, bytes, count)
CALL(READS, ssize_t, pread, (int file, void *bytes, size_t count, off_t place), file, bytes, count, place)
CALL(READS, ssize_t, pread64, (int file, void *bytes, size_t count, off64_t place), file, bytes, count, place)
CALL(effect_of_writing(file), ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t place), file, bytes, count, place)
CALL(effect_of_writing(file), ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t place), file, bytes, count, place)
CALL(READS, int, fsync, (int file), file)
CALL(READS, int, fdatasync, (int file), file)
CALL(effect_of_writing(file), int, ftruncate, (int file, off_t size), file, size)
CALL(effect_of_writing(file), int, ftruncate64, (int file, off64_t size), file, size)
CALL(FREES_NAMES, int, rename, (const char *from, const char *to), from, to)
CALL(FREES_NAMES, int, unlink, (const char *path), path)
CALL(READS, int, access, (const char *path, int mode), path, mode)
CALL(READS, int, stat, (const char *path, struct stat *found), path, found)
CALL(READS, int, stat64, (const char *path, struct stat64 *found), path, found)
CALL(READS, int, lstat, (const char *path, struct stat *found), path, found)
CALL(READS, int, lstat64, (const char *path, struct stat64 *found), path, found)
CALL(READS, int, fstat, (int file, struct stat *found), file, found)
CALL(READS, int, fstat64, (int file, struct stat64 *found), file, found)

/// What is there already can't be made again, whatever the disk is like.
int mkdir(const char *path, mode_t mode) {
    SYSTEM(mkdir)
    bool is_there = faccessat(AT_FDCWD, path, F_OK, 0) == 0;
    if (fails(is_there ? READS : CHANGES_NAMES)) return -1;
    return system_call(path, mode);
}

/// Releasing a lock never fails: the system does it when the process ends as well.
int flock(int file, int operation) {
    SYSTEM(flock)
    return !(operation & LOCK_UN) && fails(READS) ? -1 : system_call(file, operation);
}
