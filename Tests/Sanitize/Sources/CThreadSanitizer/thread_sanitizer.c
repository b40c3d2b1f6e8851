// What ThreadSanitizer must be told about Swift on Linux.
//
// 1. The slow paths of Synchronization.Mutex. A Mutex locks and unlocks with an atomic operation that is compiled into its
// user, which ThreadSanitizer sees. Where threads meet, it calls into the library, which isn't built with the sanitizer:
// there the order of the two threads is lost, and whatever the Mutex guards is reported as a race. These functions take
// the place of the library's, and add what is missing.
//
// 2. A continuation that is resumed before its task waits for it. The runtime tells the sanitizer that what was done before
// the resumption is to be seen, but where the task finds that it needn't wait, it forgets to tell that it now sees it: whatever
// was handed over is reported as a race. So each task looks before it waits. (One that is resumed between the look and the
// runtime's own is still reported; that is a moment of some instructions.)
//
// 3. An empty value that is passed inout, as SystemRandomNumberGenerator is, has no address. The compiler reports an access
// to it all the same, at whatever the register holds, and the sanitizer crashes there. Such reports are dropped (the linker
// wraps them, see Package.swift): the memory accesses themselves are still watched.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SELF __attribute__((swift_context)) void *

typedef __attribute__((swiftasynccall)) void continuation_await(void *);

__attribute__((swiftcall)) void *swift_task_getCurrent(void);
void __tsan_acquire(void *);
void __tsan_release(void *);

static __attribute__((swiftcall)) void (*next_lock)(uint32_t, SELF);
static __attribute__((swiftcall)) void (*next_unlock)(SELF);
static continuation_await *next_await;

__attribute__((constructor)) static void find(void) {
    next_lock = dlsym(RTLD_NEXT, LOCK);
    next_unlock = dlsym(RTLD_NEXT, UNLOCK);
    next_await = (continuation_await *)dlsym(RTLD_NEXT, "swift_continuation_await");
    if (!next_lock || !next_unlock || !next_await) abort();
}

__attribute__((swiftcall)) void mutex_lock_slow(uint32_t thread, SELF handle) __asm__(LOCK);
__attribute__((swiftcall)) void mutex_unlock_slow(SELF handle) __asm__(UNLOCK);

__attribute__((swiftcall)) void mutex_lock_slow(uint32_t thread, SELF handle) {
    next_lock(thread, handle);
    __tsan_acquire(handle);
}

__attribute__((swiftcall)) void mutex_unlock_slow(SELF handle) {
    __tsan_release(handle);
    next_unlock(handle);
}

// The last call is a jump, as the convention has it; what the sanitizer would add comes after it.
__attribute__((swiftasynccall, disable_sanitizer_instrumentation)) void swift_continuation_await(void *context) {
    __tsan_acquire(swift_task_getCurrent());
    return next_await(context);
}

void __wrap___tsan_external_read(void *address, void *caller, void *tag) {}
void __wrap___tsan_external_write(void *address, void *caller, void *tag) {}
#endif
#endif
