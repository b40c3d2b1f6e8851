#include "disk.h"

void fault_disk_fail(fault_disk *disk, uint32_t kinds, int64_t after, int64_t times, int code, uint64_t seed) {
    pthread_mutex_lock(&disk->mutex);
    disk->kinds = kinds;
    disk->calls = disk->failures = 0;
    disk->fail_after = after;
    disk->fail_times = times;
    disk->fail_code = code;
    disk->random = seed;
    pthread_mutex_unlock(&disk->mutex);
}

void fault_disk_heal(fault_disk *disk, uint32_t kinds) { fault_disk_fail(disk, kinds, INT64_MAX, 0, 0, 0); }

int64_t fault_disk_calls(fault_disk *disk) {
    pthread_mutex_lock(&disk->mutex);
    int64_t calls = disk->calls;
    pthread_mutex_unlock(&disk->mutex);
    return calls;
}

int64_t fault_disk_failures(fault_disk *disk) {
    pthread_mutex_lock(&disk->mutex);
    int64_t failures = disk->failures;
    pthread_mutex_unlock(&disk->mutex);
    return failures;
}

void fault_disk_observe(fault_disk *disk, uint32_t kinds, fault_observer observer, void *context) {
    pthread_mutex_lock(&disk->mutex);
    disk->observed = observer ? kinds : 0;
    disk->observer = observer;
    disk->observer_context = context;
    pthread_mutex_unlock(&disk->mutex);
}

void disk_tell(fault_disk *disk, fault_call call) {
    pthread_mutex_lock(&disk->mutex);
    fault_observer observer = disk->observed & call ? disk->observer : NULL;
    void *context = disk->observer_context;
    pthread_mutex_unlock(&disk->mutex);
    if (observer) observer(context, call);
}

static int own_code(fault_call call) {
    switch (call) {
    case FAULT_OPEN: return SQLITE_CANTOPEN;
    case FAULT_READ: return SQLITE_IOERR_READ;
    case FAULT_WRITE: return SQLITE_IOERR_WRITE;
    case FAULT_TRUNCATE: return SQLITE_IOERR_TRUNCATE;
    case FAULT_SYNC: return SQLITE_IOERR_FSYNC;
    case FAULT_SIZE: return SQLITE_IOERR_FSTAT;
    case FAULT_DELETE: return SQLITE_IOERR_DELETE;
    case FAULT_ACCESS: return SQLITE_IOERR_ACCESS;
    case FAULT_LOCK: return SQLITE_IOERR_LOCK;
    case FAULT_SHM_MAP: return SQLITE_IOERR_SHMMAP;
    case FAULT_SHM_LOCK: return SQLITE_IOERR_SHMLOCK;
    }
    return SQLITE_IOERR;
}

int disk_fails(fault_disk *disk, fault_call call) {
    if (!(disk->kinds & call)) return SQLITE_OK;
    int64_t number = disk->calls++;
    if (number < disk->fail_after) return SQLITE_OK;
    if (disk->fail_times >= 0 && number - disk->fail_after >= disk->fail_times) return SQLITE_OK;
    disk->failures++;
    return disk->fail_code ? disk->fail_code : own_code(call);
}
