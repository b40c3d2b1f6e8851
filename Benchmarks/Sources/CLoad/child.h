#ifndef CHILD_H
#define CHILD_H

/// Starts a server in a process of its own, which ends with this one: `serve` gets a listening socket on a free port of
/// the loopback, and a descriptor that reports this process's end. The port, or a negative errno.
int child_start(void (*serve)(int listener, int parent, const void *context), const void *context);

/// Has a poller report what comes in.
void child_watch(int poller, int descriptor);

#endif
