#ifndef CCHILDPROCESS_H
#define CCHILDPROCESS_H

#include <spawn.h>

// What Swift doesn't see of glibc, since it is declared for _GNU_SOURCE alone.

/// pipe2(2) with O_CLOEXEC.
int child_pipe(int ends[2]);
/// A terminal of so many columns: the end that speaks to it, and the end that a process has.
int child_terminal(int ends[2], int columns);
/// posix_spawn_file_actions_addchdir_np(3).
int child_addchdir(posix_spawn_file_actions_t *actions, const char *path);
/// posix_spawn_file_actions_addclosefrom_np(3).
int child_addclosefrom(posix_spawn_file_actions_t *actions, int from);

#endif
