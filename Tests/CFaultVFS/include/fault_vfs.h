#ifndef FAULT_VFS_H
#define FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

/// A disk in memory that SQLite uses as a file system (sqlite3_vfs), and that fails where it is told to.
///
/// It promises what POSIX promises and nothing more. What was written is durable after a sync of its file; a name is
/// durable after the folder was synced, which happens where SQLite's own "unix" VFS does it (first sync of a new
/// journal or log, delete with its sync flag). A disk has one flat folder. Locks and shared memory work between
/// connections of this process. All calls are safe from any thread.
typedef struct fault_disk fault_disk;

/// Makes an empty disk and registers a VFS of that name; null when memory is short.
fault_disk *fault_disk_create(const char *name);

/// Unregisters and frees the disk. No connection may be open on it; returns false, and does nothing, if one is.
bool fault_disk_destroy(fault_disk *disk);

/// What becomes of writes that were not synced when the power goes.
typedef enum fault_cut {
    /// All are kept: what a killed process leaves behind.
    FAULT_CUT_NOTHING,
    /// Each sector of 512 bytes keeps its writes up to some moment, another one for each sector. Names as of one
    /// moment.
    FAULT_CUT_ORDERED,
    /// Any of them are kept, in any order, sector by sector; any subset of the names.
    FAULT_CUT_REORDERED,
    /// As ordered, and the sector that was under way holds noise where it was being written.
    FAULT_CUT_SHREDDED,
} fault_cut;

/// A new disk as it is found after power went now. The disk itself is left as it is, so that one run can be cut at
/// every moment. Same state, mode and seed give the same disk.
fault_disk *fault_disk_cut(fault_disk *disk, const char *name, fault_cut mode, uint64_t seed);

/// The calls that can be counted and failed, as bits.
typedef enum fault_call {
    FAULT_OPEN = 1,
    FAULT_READ = 2,
    FAULT_WRITE = 4,
    FAULT_TRUNCATE = 8,
    FAULT_SYNC = 16,
    FAULT_SIZE = 32,
    FAULT_DELETE = 64,
    FAULT_ACCESS = 128,
    FAULT_LOCK = 256,
    FAULT_SHM_MAP = 512,
    FAULT_SHM_LOCK = 1024,
} fault_call;

/// Fails calls of the given kinds, the one after `after` others first, `times` of them (-1: from then on).
///
/// A code of 0 means the kind's own SQLITE_IOERR_... (open: SQLITE_CANTOPEN). A write that fails may have written a
/// part; a sync that fails makes any part durable and forgets the rest, as Linux does: a later sync that succeeds says
/// nothing about it. Releasing a lock never fails. Starts the count of calls again.
void fault_disk_fail(fault_disk *disk, uint32_t kinds, int64_t after, int64_t times, int code, uint64_t seed);

/// Ends the failures and starts the count of calls again, over the given kinds.
void fault_disk_heal(fault_disk *disk, uint32_t kinds);

/// Calls of the chosen kinds since the last `fail` or `heal`.
int64_t fault_disk_calls(fault_disk *disk);

/// Calls that were made to fail since the last `fail` or `heal`.
int64_t fault_disk_failures(fault_disk *disk);

/// Called before every call of the given kinds, on the calling thread, with no lock held; it may cut the disk. Null
/// ends it.
typedef void (*fault_observer)(void *context, fault_call call);
void fault_disk_observe(fault_disk *disk, uint32_t kinds, fault_observer observer, void *context);

/// A file's size, or -1 if there is none of that name.
int64_t fault_disk_size(fault_disk *disk, const char *path);

/// Bytes written to a file and not synced yet, or -1 if there is none of that name.
int64_t fault_disk_unsynced(fault_disk *disk, const char *path);

/// Damages a file, durably: puts other bytes in the place of some within it, or cuts its end off. False if there is
/// none of that name or the place lies outside.
bool fault_disk_overwrite(fault_disk *disk, const char *path, int64_t offset, const void *bytes, int64_t length);
bool fault_disk_cut_off(fault_disk *disk, const char *path, int64_t size);

/// Takes a file away, durably; false if there is none of that name.
bool fault_disk_remove(fault_disk *disk, const char *path);

#endif
