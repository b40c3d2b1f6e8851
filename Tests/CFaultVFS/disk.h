#ifndef FAULT_DISK_H
#define FAULT_DISK_H

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>

#include "fault_vfs.h"

enum { sector_size = 512, shm_locks = SQLITE_SHM_NLOCK };

/// Bytes that grow.
typedef struct content {
    unsigned char *start;
    int64_t size;
    int64_t capacity;
} content;

/// A write, or (bytes null) a truncation to `offset`.
typedef struct edit {
    int64_t offset;
    int64_t length;
    unsigned char *bytes;
} edit;

/// A file, with or without a name.
typedef struct file {
    int references;  // names, durable names, the folder's log and open handles
    uint64_t number; // tells files apart when chances are drawn
    content live;
    content durable;
    edit *edits; // since the last sync; durable + edits = live, unless a sync failed
    size_t edit_count, edit_capacity;

    // Locks between handles: SQLite's five levels.
    int sharers;
    const void *reserved, *pending, *exclusive;

    // Shared memory, while somebody maps it.
    int mappings;
    void **regions;
    int region_count;
    int shm_sharers[shm_locks];
    const void *shm_owners[shm_locks];
} file;

typedef struct entry {
    char *name;
    file *file;
} entry;

typedef struct folder {
    entry *entries;
    size_t count, capacity;
} folder;

/// A change of the folder that isn't durable yet.
typedef struct naming {
    char *name;
    file *file; // null: the name went
} naming;

struct fault_disk {
    pthread_mutex_t mutex;
    sqlite3_vfs vfs;
    char *name;
    uint64_t files_made;
    int handles;
    uint64_t changes; // so that one seed draws other chances at another moment

    folder live, durable;
    naming *namings;
    size_t naming_count, naming_capacity;

    // Failures
    uint32_t kinds;
    int64_t calls, failures, fail_after, fail_times;
    int fail_code;
    uint64_t random;

    uint32_t observed;
    fault_observer observer;
    void *observer_context;
};

/// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t next_random(uint64_t *state);
/// The same numbers for the same words.
uint64_t mixed(uint64_t seed, uint64_t a, uint64_t b);

bool content_reserve(content *content, int64_t size);
bool content_write(content *content, int64_t offset, const void *bytes, int64_t length);
bool content_truncate(content *content, int64_t size);
bool content_copy(content *to, const content *from);

file *file_create(fault_disk *disk);
void file_release(file *file);
bool file_write(file *file, int64_t offset, const void *bytes, int64_t length);
bool file_truncate(file *file, int64_t size);
/// Makes the file's bytes durable.
bool file_sync(file *file);
/// Makes any part of them durable, and takes the rest for written.
bool file_sync_failed(file *file, uint64_t seed);
/// The bytes found after a power cut.
bool file_cut(const file *file, fault_cut mode, uint64_t seed, content *found);

file *folder_find(const folder *folder, const char *name);
bool folder_set(folder *folder, const char *name, file *file);
bool disk_name(fault_disk *disk, const char *name, file *file);
bool disk_sync_folder(fault_disk *disk);
void disk_free(fault_disk *disk);
/// A disk that no VFS serves yet.
fault_disk *disk_make(const char *name);
fault_disk *disk_register(fault_disk *disk);

/// Counts a call and tells the code it fails with, or SQLITE_OK. With the mutex held.
int disk_fails(fault_disk *disk, fault_call call);
void disk_tell(fault_disk *disk, fault_call call);

void vfs_fill(fault_disk *disk);
extern const sqlite3_io_methods file_methods;

/// SQLite's handle on a file.
typedef struct handle {
    sqlite3_file base;
    fault_disk *disk;
    file *file;
    int level;
    bool syncs_folder, deletes_on_close, mapped;
    char *name;
    unsigned shm_shared, shm_exclusive; // a bit for each lock held
} handle;

int handle_lock(sqlite3_file *base, int level);
int handle_unlock(sqlite3_file *base, int level);
int handle_check_reserved(sqlite3_file *base, int *answer);
int handle_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **address);
int handle_shm_lock(sqlite3_file *base, int offset, int count, int flags);
void handle_shm_barrier(sqlite3_file *base);
int handle_shm_unmap(sqlite3_file *base, int delete);

#endif
