#ifndef RECORDED_CALLS_H
#define RECORDED_CALLS_H

/// Stands between a process and the system's calls on files, and writes down each one that changes a folder, or makes a
/// change of it durable.
///
/// The functions of the C library that make, write, cut, sync, rename and remove files are defined here as well; an
/// executable's own definitions are the ones that it and all its libraries use, SQLite's among them. Nothing has to be
/// called: the folder is named by the variable BKEND_RECORDED_FOLDER, the log by BKEND_RECORDED_LOG. The log lies outside of
/// the folder and is continued when it is there.
///
/// Only calls that succeeded are written down, with a lock held from before the call until it stands in the log. So the
/// log's order is the one in which the calls took effect, and whoever has heard of an effect finds it in the log. Each entry
/// is a line of words with a tab between them, and for `write` the bytes after it. NUMBER is an inode's; a path begins
/// behind the folder's own, and the folder's is empty. Syncs of what is in the folder are written down and not made.
///
///     make NUMBER PATH             a new, empty file has that name
///     folder NUMBER PATH           a new, empty folder has it
///     write NUMBER OFFSET COUNT    and a line's end, and the bytes
///     size NUMBER BYTES            it was cut or lengthened
///     sync NUMBER                  fsync or fdatasync of a file or folder
///     rename PATH PATH
///     link PATH PATH               the second one is new
///     remove PATH                  of a file or an empty folder
///     escape CALL PATH             a call that changes the folder in a way that nothing here describes
///
/// With BKEND_RECORDED_END the process ends after so many entries, with no chance to do anything about it.
///
/// Modes, owners and times are left out, and so is what is written through mapped memory; mapping a file to write is an
/// escape, unless it is the shared memory of a SQLite database (`-shm`).

/// The exit code of a process that was ended so.
enum { RECORDED_CALLS_KILLED = 99 };

/// Ends the process with that exit code as soon as no other thread is in such a call, so that each call stands in the log.
__attribute__((noreturn)) void recorded_calls_exit(int code);

#endif
