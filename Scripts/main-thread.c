// Loaded into a program that valgrind runs: see Scripts/instructions.
//
// A Swift program whose `main` is asynchronous ends its main thread (`dispatch_main` calls `pthread_exit`), and valgrind
// 3.19 crashes at that. Here the thread runs the main queue instead, by Foundation's run loop.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

void dispatch_main(void) {
    void (*run)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "CFRunLoopRun");
    for (;;) {
        if (run) run();
        else pause();
    }
}
