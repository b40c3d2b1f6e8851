#include <stdlib.h>
#include <string.h>

#include "disk.h"

file *folder_find(const folder *folder, const char *name) {
    for (size_t i = 0; i < folder->count; i++)
        if (strcmp(folder->entries[i].name, name) == 0) return folder->entries[i].file;
    return NULL;
}

/// Gives a file a name, or (null) takes the name away.
bool folder_set(folder *folder, const char *name, file *file) {
    if (file) file->references++;
    for (size_t i = 0; i < folder->count; i++) {
        entry *entry = &folder->entries[i];
        if (strcmp(entry->name, name) != 0) continue;
        file_release(entry->file);
        entry->file = file;
        if (!file) {
            free(entry->name);
            *entry = folder->entries[--folder->count];
        }
        return true;
    }
    if (!file) return true;
    if (folder->count == folder->capacity) {
        size_t capacity = folder->capacity ? folder->capacity * 2 : 8;
        entry *entries = realloc(folder->entries, capacity * sizeof *entries);
        if (!entries) return false;
        folder->entries = entries;
        folder->capacity = capacity;
    }
    folder->entries[folder->count++] = (entry){strdup(name), file};
    return true;
}

bool disk_name(fault_disk *disk, const char *name, file *file) {
    disk->changes++;
    if (disk->naming_count == disk->naming_capacity) {
        size_t capacity = disk->naming_capacity ? disk->naming_capacity * 2 : 8;
        naming *namings = realloc(disk->namings, capacity * sizeof *namings);
        if (!namings) return false;
        disk->namings = namings;
        disk->naming_capacity = capacity;
    }
    if (file) file->references++;
    disk->namings[disk->naming_count++] = (naming){strdup(name), file};
    return folder_set(&disk->live, name, file);
}

static void forget_namings(fault_disk *disk) {
    for (size_t i = 0; i < disk->naming_count; i++) {
        free(disk->namings[i].name);
        file_release(disk->namings[i].file);
    }
    disk->naming_count = 0;
}

bool disk_sync_folder(fault_disk *disk) {
    for (size_t i = 0; i < disk->naming_count; i++)
        if (!folder_set(&disk->durable, disk->namings[i].name, disk->namings[i].file)) return false;
    forget_namings(disk);
    return true;
}

fault_disk *disk_make(const char *name) {
    fault_disk *disk = calloc(1, sizeof *disk);
    if (!disk) return NULL;
    pthread_mutex_init(&disk->mutex, NULL);
    disk->name = strdup(name);
    disk->fail_after = INT64_MAX;
    return disk;
}

static void folder_free(folder *folder) {
    for (size_t i = 0; i < folder->count; i++) {
        free(folder->entries[i].name);
        file_release(folder->entries[i].file);
    }
    free(folder->entries);
}

void disk_free(fault_disk *disk) {
    forget_namings(disk);
    free(disk->namings);
    folder_free(&disk->live);
    folder_free(&disk->durable);
    pthread_mutex_destroy(&disk->mutex);
    free(disk->name);
    free(disk);
}

fault_disk *disk_register(fault_disk *disk) {
    vfs_fill(disk);
    if (sqlite3_vfs_register(&disk->vfs, 0) == SQLITE_OK) return disk;
    disk_free(disk);
    return NULL;
}

fault_disk *fault_disk_create(const char *name) {
    fault_disk *disk = disk_make(name);
    return disk ? disk_register(disk) : NULL;
}

bool fault_disk_destroy(fault_disk *disk) {
    pthread_mutex_lock(&disk->mutex);
    bool open = disk->handles > 0;
    pthread_mutex_unlock(&disk->mutex);
    if (open) return false;
    sqlite3_vfs_unregister(&disk->vfs);
    disk_free(disk);
    return true;
}

/// The names found after a cut: those that are durable, and some of the later changes.
static bool cut_names(const fault_disk *disk, fault_cut mode, uint64_t seed, folder *names) {
    const folder *base = mode == FAULT_CUT_NOTHING ? &disk->live : &disk->durable;
    for (size_t i = 0; i < base->count; i++)
        if (!folder_set(names, base->entries[i].name, base->entries[i].file)) return false;
    if (mode == FAULT_CUT_NOTHING) return true;
    size_t last = mixed(seed, 5, 0) % (disk->naming_count + 1);
    for (size_t i = 0; i < disk->naming_count; i++) {
        bool kept = mode == FAULT_CUT_REORDERED ? mixed(seed, 6, i) % 2 : i < last;
        if (kept && !folder_set(names, disk->namings[i].name, disk->namings[i].file)) return false;
    }
    return true;
}

static bool cut_files(fault_disk *found, const folder *names, fault_cut mode, uint64_t seed) {
    for (size_t i = 0; i < names->count; i++) {
        file *made = file_create(found);
        if (!made) return false;
        // Two names never lead to one file: SQLite makes no links.
        if (!folder_set(&found->live, names->entries[i].name, made)
            || !folder_set(&found->durable, names->entries[i].name, made)
            || !file_cut(names->entries[i].file, mode, seed, &made->durable)
            || !content_copy(&made->live, &made->durable)) return false;
    }
    return true;
}

fault_disk *fault_disk_cut(fault_disk *disk, const char *name, fault_cut mode, uint64_t seed) {
    fault_disk *found = disk_make(name);
    if (!found) return NULL;
    folder names = {0};
    pthread_mutex_lock(&disk->mutex);
    seed = mixed(seed, disk->changes, 0);
    bool done = cut_names(disk, mode, seed, &names) && cut_files(found, &names, mode, seed);
    folder_free(&names);
    pthread_mutex_unlock(&disk->mutex);
    if (done) return disk_register(found);
    disk_free(found);
    return NULL;
}

int64_t fault_disk_size(fault_disk *disk, const char *path) {
    pthread_mutex_lock(&disk->mutex);
    file *file = folder_find(&disk->live, path);
    int64_t size = file ? file->live.size : -1;
    pthread_mutex_unlock(&disk->mutex);
    return size;
}

int64_t fault_disk_unsynced(fault_disk *disk, const char *path) {
    pthread_mutex_lock(&disk->mutex);
    file *file = folder_find(&disk->live, path);
    int64_t size = file ? 0 : -1;
    for (size_t i = 0; file && i < file->edit_count; i++) size += file->edits[i].length;
    pthread_mutex_unlock(&disk->mutex);
    return size;
}
