#define _GNU_SOURCE
#include "CChildProcess.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

int child_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int child_terminal(int ends[2], int columns) {
    char name[64];
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    ends[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[0] < 0) return -1;
    ends[1] = -1;
    if (grantpt(ends[0]) == 0 && unlockpt(ends[0]) == 0 && ptsname_r(ends[0], name, sizeof name) == 0)
        ends[1] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[1] >= 0 && ioctl(ends[1], TIOCSWINSZ, &size) == 0) return 0;
    close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
    return -1;
}

int child_addchdir(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

int child_addclosefrom(posix_spawn_file_actions_t *actions, int from) {
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
}
