#define _GNU_SOURCE
#include "CChildProcess.h"
#include <fcntl.h>
#include <unistd.h>

int child_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int child_addchdir(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

int child_addclosefrom(posix_spawn_file_actions_t *actions, int from) {
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
}
