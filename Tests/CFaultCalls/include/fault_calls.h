#ifndef FAULT_CALLS_H
#define FAULT_CALLS_H

#include <stdint.h>

/// Stands between a process and the system's calls on files, and makes one of them go wrong where it is told to.
///
/// The functions of the C library that open, read, write, sync, cut, rename, remove, look at and lock files are defined
/// here as well; an executable's own definitions are the ones that it and all its libraries use, SQLite's among them.
/// Only calls of the thread that armed it are counted.
typedef enum fault_calls_mode {
    /// The chosen call fails, as on a disk with one bad moment.
    FAULT_CALLS_ONCE,
    /// It fails, and so does each one after it: nothing more reaches the disk.
    FAULT_CALLS_FOREVER,
    /// The process ends before the call, with no chance to do anything about it.
    FAULT_CALLS_KILL,
    /// From the chosen call on the disk is full: nothing is made, and nothing is written (ENOSPC). Reading works.
    FAULT_CALLS_FULL,
    /// From the chosen call on the file system is read-only (EROFS): nothing is opened for writing, made, renamed, removed.
    FAULT_CALLS_READ_ONLY,
} fault_calls_mode;

/// The exit code of a process that was ended so.
enum { FAULT_CALLS_KILLED = 99 };

/// Counts this thread's calls from now on, and makes the one after `after` others go wrong: EIO unless the mode says
/// another error.
void fault_calls_arm(int64_t after, fault_calls_mode mode);

/// Lets all calls pass again.
void fault_calls_disarm(void);

/// How many calls were counted since they were armed.
int64_t fault_calls_count(void);

/// How many of them failed.
int64_t fault_calls_failures(void);

#endif
