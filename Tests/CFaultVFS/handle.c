#include <stdlib.h>
#include <string.h>

#include "disk.h"

/// Tells the observer, then takes the disk's mutex and counts the call; SQLITE_OK or the code to fail with.
static int begin(handle *handle, fault_call call) {
    disk_tell(handle->disk, call);
    pthread_mutex_lock(&handle->disk->mutex);
    if (call & (FAULT_WRITE | FAULT_TRUNCATE | FAULT_SYNC)) handle->disk->changes++;
    return disk_fails(handle->disk, call);
}

static int end(handle *handle, int code) {
    pthread_mutex_unlock(&handle->disk->mutex);
    return code;
}

static int handle_close(sqlite3_file *base) {
    handle *closed = (handle *)base;
    fault_disk *disk = closed->disk;
    if (closed->mapped) handle_shm_unmap(base, 0);
    handle_unlock(base, SQLITE_LOCK_NONE);
    pthread_mutex_lock(&disk->mutex);
    if (closed->deletes_on_close) disk_name(disk, closed->name, NULL);
    file_release(closed->file);
    free(closed->name);
    disk->handles--;
    pthread_mutex_unlock(&disk->mutex);
    return SQLITE_OK;
}

static int handle_read(sqlite3_file *base, void *bytes, int length, sqlite3_int64 offset) {
    handle *read = (handle *)base;
    int code = begin(read, FAULT_READ);
    if (code != SQLITE_OK) return end(read, code);
    const content *live = &read->file->live;
    int64_t there = live->size - offset;
    if (there >= length) {
        memcpy(bytes, live->start + offset, (size_t)length);
        return end(read, SQLITE_OK);
    }
    if (there < 0) there = 0;
    if (there > 0) memcpy(bytes, live->start + offset, (size_t)there);
    memset((char *)bytes + there, 0, (size_t)(length - there));
    return end(read, SQLITE_IOERR_SHORT_READ);
}

static int handle_write(sqlite3_file *base, const void *bytes, int length, sqlite3_int64 offset) {
    handle *written = (handle *)base;
    int code = begin(written, FAULT_WRITE);
    int64_t done = length;
    if (code != SQLITE_OK) done = (int64_t)(next_random(&written->disk->random) % (uint64_t)(length + 1));
    if (!file_write(written->file, offset, bytes, done)) code = SQLITE_IOERR_NOMEM;
    return end(written, code);
}

static int handle_truncate(sqlite3_file *base, sqlite3_int64 size) {
    handle *cut = (handle *)base;
    int code = begin(cut, FAULT_TRUNCATE);
    if (code == SQLITE_OK && !file_truncate(cut->file, size)) code = SQLITE_IOERR_NOMEM;
    return end(cut, code);
}

static int handle_sync(sqlite3_file *base, int flags) {
    (void)flags;
    handle *synced = (handle *)base;
    fault_disk *disk = synced->disk;
    int code = begin(synced, FAULT_SYNC);
    if (code != SQLITE_OK) {
        if (!file_sync_failed(synced->file, next_random(&disk->random))) code = SQLITE_IOERR_NOMEM;
        return end(synced, code);
    }
    if (!file_sync(synced->file)) return end(synced, SQLITE_IOERR_NOMEM);
    if (synced->syncs_folder) {
        if (!disk_sync_folder(disk)) return end(synced, SQLITE_IOERR_NOMEM);
        synced->syncs_folder = false;
    }
    return end(synced, SQLITE_OK);
}

static int handle_size(sqlite3_file *base, sqlite3_int64 *size) {
    handle *asked = (handle *)base;
    int code = begin(asked, FAULT_SIZE);
    if (code == SQLITE_OK) *size = asked->file->live.size;
    return end(asked, code);
}

static int handle_control(sqlite3_file *base, int operation, void *argument) {
    handle *asked = (handle *)base;
    if (operation == SQLITE_FCNTL_VFSNAME) {
        *(char **)argument = sqlite3_mprintf("%s", asked->disk->name);
        return SQLITE_OK;
    }
    return SQLITE_NOTFOUND;
}

static int handle_sector_size(sqlite3_file *base) {
    (void)base;
    return sector_size;
}

/// As the "unix" VFS by default: a write that is torn damages nothing beside it.
static int handle_characteristics(sqlite3_file *base) {
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = handle_close,
    .xRead = handle_read,
    .xWrite = handle_write,
    .xTruncate = handle_truncate,
    .xSync = handle_sync,
    .xFileSize = handle_size,
    .xLock = handle_lock,
    .xUnlock = handle_unlock,
    .xCheckReservedLock = handle_check_reserved,
    .xFileControl = handle_control,
    .xSectorSize = handle_sector_size,
    .xDeviceCharacteristics = handle_characteristics,
    .xShmMap = handle_shm_map,
    .xShmLock = handle_shm_lock,
    .xShmBarrier = handle_shm_barrier,
    .xShmUnmap = handle_shm_unmap,
};
