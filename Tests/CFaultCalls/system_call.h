#include <dlfcn.h>
#include <stdatomic.h>

/// The system's own function of a name, or a sanitizer's, which looks at what it is given and calls the system's.
/// Whichever thread looks it up first finds the same.
#define SYSTEM(name) \
    static _Atomic(__typeof__(&name)) known; \
    __typeof__(&name) system_call = atomic_load_explicit(&known, memory_order_relaxed); \
    if (!system_call) { \
        system_call = (__typeof__(&name))dlsym(RTLD_DEFAULT, "__interceptor_" #name); \
        if (!system_call) system_call = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
        atomic_store_explicit(&known, system_call, memory_order_relaxed); \
    }
