// The functions that are defined here must keep their own names: no aliases for large files.
#undef _FILE_OFFSET_BITS
#define _GNU_SOURCE
#include "fault_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
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

/// Counts a call; whether it is to fail.
static bool fails(void) {
    if (!state.is_armed) return false;
    int64_t number = state.count++;
    if (state.mode == FAULT_CALLS_ONCE ? number != state.after : number < state.after) return false;
    if (state.mode == FAULT_CALLS_KILL) _exit(FAULT_CALLS_KILLED);
    state.failures += 1;
    errno = EIO;
    return true;
}

/// The system's own function of a name.
#define SYSTEM(name) \
    static __typeof__(&name) system_call; \
    if (!system_call) system_call = (__typeof__(&name))dlsym(RTLD_NEXT, #name);

#define CALL(result, name, parameters, ...) \
    result name parameters { \
        SYSTEM(name) \
        return fails() ? -1 : system_call(__VA_ARGS__); \
    }

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
        return fails() ? -1 : system_call(path, flags, mode); \
    }

OPEN(open)
OPEN(open64)
CALL(ssize_t, read, (int file, void *bytes, size_t count), file, bytes, count)
CALL(ssize_t, write, (int file, const void *bytes, size_t count), file, bytes, count)
CALL(ssize_t, pread, (int file, void *bytes, size_t count, off_t place), file, bytes, count, place)
CALL(ssize_t, pread64, (int file, void *bytes, size_t count, off64_t place), file, bytes, count, place)
CALL(ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t place), file, bytes, count, place)
CALL(ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t place), file, bytes, count, place)
CALL(int, fsync, (int file), file)
CALL(int, fdatasync, (int file), file)
CALL(int, ftruncate, (int file, off_t size), file, size)
CALL(int, ftruncate64, (int file, off64_t size), file, size)
CALL(int, rename, (const char *from, const char *to), from, to)
CALL(int, unlink, (const char *path), path)
CALL(int, mkdir, (const char *path, mode_t mode), path, mode)
CALL(int, access, (const char *path, int mode), path, mode)
CALL(int, stat, (const char *path, struct stat *found), path, found)
CALL(int, stat64, (const char *path, struct stat64 *found), path, found)
CALL(int, lstat, (const char *path, struct stat *found), path, found)
CALL(int, lstat64, (const char *path, struct stat64 *found), path, found)
CALL(int, fstat, (int file, struct stat *found), file, found)
CALL(int, fstat64, (int file, struct stat64 *found), file, found)

/// Releasing a lock never fails: the system does it when the process ends as well.
int flock(int file, int operation) {
    SYSTEM(flock)
    return !(operation & LOCK_UN) && fails() ? -1 : system_call(file, operation);
}
