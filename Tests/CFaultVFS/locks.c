#include <stdlib.h>

#include "disk.h"

/// The levels of https://www.sqlite.org/lockingv3.html, between the handles on one file.
static int take(handle *handle, int level) {
    file *file = handle->file;
    if (handle->level >= level) return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED) {
        if (file->pending || file->exclusive) return SQLITE_BUSY;
        file->sharers++;
        handle->level = level;
        return SQLITE_OK;
    }
    if (file->reserved && file->reserved != handle) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED) {
        if (file->pending && file->pending != handle) return SQLITE_BUSY;
        file->reserved = handle;
        handle->level = level;
        return SQLITE_OK;
    }
    if (file->pending && file->pending != handle) return SQLITE_BUSY;
    file->pending = handle;
    handle->level = SQLITE_LOCK_PENDING;
    if (file->sharers > 1) return SQLITE_BUSY;
    file->exclusive = handle;
    handle->level = SQLITE_LOCK_EXCLUSIVE;
    return SQLITE_OK;
}

int handle_lock(sqlite3_file *base, int level) {
    handle *locked = (handle *)base;
    disk_tell(locked->disk, FAULT_LOCK);
    pthread_mutex_lock(&locked->disk->mutex);
    int code = disk_fails(locked->disk, FAULT_LOCK);
    if (code == SQLITE_OK) code = take(locked, level);
    pthread_mutex_unlock(&locked->disk->mutex);
    return code;
}

int handle_unlock(sqlite3_file *base, int level) {
    handle *unlocked = (handle *)base;
    pthread_mutex_lock(&unlocked->disk->mutex);
    file *file = unlocked->file;
    if (unlocked->level > level) {
        if (file->reserved == unlocked) file->reserved = NULL;
        if (file->pending == unlocked) file->pending = NULL;
        if (file->exclusive == unlocked) file->exclusive = NULL;
        if (level == SQLITE_LOCK_NONE) file->sharers--;
        unlocked->level = level;
    }
    pthread_mutex_unlock(&unlocked->disk->mutex);
    return SQLITE_OK;
}

int handle_check_reserved(sqlite3_file *base, int *answer) {
    handle *asked = (handle *)base;
    pthread_mutex_lock(&asked->disk->mutex);
    *answer = asked->file->reserved || asked->file->pending || asked->file->exclusive;
    pthread_mutex_unlock(&asked->disk->mutex);
    return SQLITE_OK;
}

static int map(handle *handle, int region, int size, int extend, void volatile **address) {
    file *file = handle->file;
    *address = NULL;
    if (!handle->mapped) {
        handle->mapped = true;
        file->mappings++;
    }
    if (region >= file->region_count) {
        if (!extend) return SQLITE_OK;
        void **regions = realloc(file->regions, (size_t)(region + 1) * sizeof *regions);
        if (!regions) return SQLITE_IOERR_NOMEM;
        file->regions = regions;
        while (file->region_count <= region) {
            void *made = calloc(1, (size_t)size);
            if (!made) return SQLITE_IOERR_NOMEM;
            file->regions[file->region_count++] = made;
        }
    }
    *address = file->regions[region];
    return SQLITE_OK;
}

int handle_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **address) {
    handle *mapped = (handle *)base;
    disk_tell(mapped->disk, FAULT_SHM_MAP);
    pthread_mutex_lock(&mapped->disk->mutex);
    int code = disk_fails(mapped->disk, FAULT_SHM_MAP);
    *address = NULL;
    if (code == SQLITE_OK) code = map(mapped, region, size, extend, address);
    pthread_mutex_unlock(&mapped->disk->mutex);
    return code;
}

static int shm_take(handle *handle, int offset, int count, bool exclusive) {
    file *file = handle->file;
    for (int i = offset; i < offset + count; i++) {
        unsigned bit = 1u << i;
        int others = file->shm_sharers[i] - (handle->shm_shared & bit ? 1 : 0);
        if (file->shm_owners[i] && file->shm_owners[i] != handle) return SQLITE_BUSY;
        if (exclusive && others > 0) return SQLITE_BUSY;
    }
    for (int i = offset; i < offset + count; i++) {
        unsigned bit = 1u << i;
        if (exclusive) {
            file->shm_owners[i] = handle;
            handle->shm_exclusive |= bit;
        } else if (!(handle->shm_shared & bit)) {
            file->shm_sharers[i]++;
            handle->shm_shared |= bit;
        }
    }
    return SQLITE_OK;
}

static void shm_give(handle *handle, int offset, int count) {
    file *file = handle->file;
    for (int i = offset; i < offset + count; i++) {
        unsigned bit = 1u << i;
        if (handle->shm_exclusive & bit) file->shm_owners[i] = NULL;
        if (handle->shm_shared & bit) file->shm_sharers[i]--;
        handle->shm_exclusive &= ~bit;
        handle->shm_shared &= ~bit;
    }
}

int handle_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
    handle *locked = (handle *)base;
    fault_disk *disk = locked->disk;
    if (flags & SQLITE_SHM_UNLOCK) {
        pthread_mutex_lock(&disk->mutex);
        shm_give(locked, offset, count);
        pthread_mutex_unlock(&disk->mutex);
        return SQLITE_OK;
    }
    disk_tell(disk, FAULT_SHM_LOCK);
    pthread_mutex_lock(&disk->mutex);
    int code = disk_fails(disk, FAULT_SHM_LOCK);
    if (code == SQLITE_OK) code = shm_take(locked, offset, count, flags & SQLITE_SHM_EXCLUSIVE);
    pthread_mutex_unlock(&disk->mutex);
    return code;
}

void handle_shm_barrier(sqlite3_file *base) {
    handle *handle = (struct handle *)base;
    pthread_mutex_lock(&handle->disk->mutex);
    pthread_mutex_unlock(&handle->disk->mutex);
}

/// The memory goes with the last that maps it, as it does when the last process closes the file `-shm`.
int handle_shm_unmap(sqlite3_file *base, int delete) {
    (void)delete;
    handle *unmapped = (handle *)base;
    pthread_mutex_lock(&unmapped->disk->mutex);
    file *file = unmapped->file;
    shm_give(unmapped, 0, shm_locks);
    if (unmapped->mapped && --file->mappings == 0) {
        for (int i = 0; i < file->region_count; i++) free(file->regions[i]);
        free(file->regions);
        file->regions = NULL;
        file->region_count = 0;
    }
    unmapped->mapped = false;
    pthread_mutex_unlock(&unmapped->disk->mutex);
    return SQLITE_OK;
}
