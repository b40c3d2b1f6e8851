#include <stdlib.h>
#include <string.h>

#include "disk.h"

static fault_disk *disk_of(sqlite3_vfs *vfs) { return vfs->pAppData; }

/// The system's own VFS, for what has nothing to do with files.
static sqlite3_vfs *system_vfs(void) { return sqlite3_vfs_find(NULL); }

static bool is_journal(int flags) {
    return flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL);
}

static int open_file(fault_disk *disk, const char *name, handle *handle, int flags) {
    file *found = name ? folder_find(&disk->live, name) : NULL;
    if (found && flags & SQLITE_OPEN_EXCLUSIVE && flags & SQLITE_OPEN_CREATE) return SQLITE_CANTOPEN;
    bool created = !found;
    if (created) {
        if (name && !(flags & SQLITE_OPEN_CREATE)) return SQLITE_CANTOPEN;
        found = file_create(disk);
        if (!found) return SQLITE_NOMEM;
        if (name && !disk_name(disk, name, found)) return SQLITE_NOMEM;
    }
    found->references++;
    *handle = (struct handle){
        .base = {&file_methods},
        .disk = disk,
        .file = found,
        .level = SQLITE_LOCK_NONE,
        .syncs_folder = created && is_journal(flags),
        .deletes_on_close = name && flags & SQLITE_OPEN_DELETEONCLOSE,
        .name = name ? strdup(name) : NULL,
    };
    disk->handles++;
    return SQLITE_OK;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *given) {
    fault_disk *disk = disk_of(vfs);
    base->pMethods = NULL;
    disk_tell(disk, FAULT_OPEN);
    pthread_mutex_lock(&disk->mutex);
    int code = disk_fails(disk, FAULT_OPEN);
    if (code == SQLITE_OK) code = open_file(disk, name, (handle *)base, flags);
    pthread_mutex_unlock(&disk->mutex);
    if (code == SQLITE_OK && given) *given = flags;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
    fault_disk *disk = disk_of(vfs);
    disk_tell(disk, FAULT_DELETE);
    pthread_mutex_lock(&disk->mutex);
    int code = disk_fails(disk, FAULT_DELETE);
    if (code == SQLITE_OK && !folder_find(&disk->live, name)) code = SQLITE_IOERR_DELETE_NOENT;
    if (code == SQLITE_OK && !disk_name(disk, name, NULL)) code = SQLITE_NOMEM;
    if (code == SQLITE_OK && sync_folder && !disk_sync_folder(disk)) code = SQLITE_NOMEM;
    pthread_mutex_unlock(&disk->mutex);
    return code;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *answer) {
    fault_disk *disk = disk_of(vfs);
    disk_tell(disk, FAULT_ACCESS);
    pthread_mutex_lock(&disk->mutex);
    int code = disk_fails(disk, FAULT_ACCESS);
    file *file = folder_find(&disk->live, name);
    // An empty journal doesn't count as one (os_unix.c).
    *answer = file && (flags != SQLITE_ACCESS_EXISTS || file->live.size > 0);
    pthread_mutex_unlock(&disk->mutex);
    return code;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *path) {
    (void)vfs;
    if (strlen(name) >= (size_t)size) return SQLITE_CANTOPEN;
    strcpy(path, name);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *bytes) {
    (void)vfs;
    return system_vfs()->xRandomness(system_vfs(), size, bytes);
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return system_vfs()->xSleep(system_vfs(), microseconds);
}

static int vfs_time(sqlite3_vfs *vfs, double *now) {
    (void)vfs;
    return system_vfs()->xCurrentTime(system_vfs(), now);
}

static int vfs_time_exact(sqlite3_vfs *vfs, sqlite3_int64 *now) {
    (void)vfs;
    return system_vfs()->xCurrentTimeInt64(system_vfs(), now);
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *text) {
    (void)vfs;
    if (size > 0) text[0] = 0;
    return 0;
}

void vfs_fill(fault_disk *disk) {
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(handle),
        .mxPathname = 512,
        .zName = disk->name,
        .pAppData = disk,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time_exact,
    };
}
