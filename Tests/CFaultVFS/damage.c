#include "disk.h"

bool fault_disk_overwrite(fault_disk *disk, const char *path, int64_t offset, const void *bytes, int64_t length) {
    pthread_mutex_lock(&disk->mutex);
    file *file = folder_find(&disk->live, path);
    bool done = file && offset >= 0 && offset + length <= file->live.size
                && file_write(file, offset, bytes, length) && file_sync(file);
    pthread_mutex_unlock(&disk->mutex);
    return done;
}

bool fault_disk_cut_off(fault_disk *disk, const char *path, int64_t size) {
    pthread_mutex_lock(&disk->mutex);
    file *file = folder_find(&disk->live, path);
    bool done = file && size >= 0 && size <= file->live.size && file_truncate(file, size) && file_sync(file);
    pthread_mutex_unlock(&disk->mutex);
    return done;
}

bool fault_disk_remove(fault_disk *disk, const char *path) {
    pthread_mutex_lock(&disk->mutex);
    bool done = folder_find(&disk->live, path) && disk_name(disk, path, NULL) && disk_sync_folder(disk);
    pthread_mutex_unlock(&disk->mutex);
    return done;
}
