#if Server
import Foundation

/// What the system knows of a file.
struct FileStatus: Sendable {
    /// The permission bits.
    let mode: UInt32
    /// Who owns it.
    let user: UInt32, group: UInt32

    /// The status of what a path names, not of what a link there leads to; nil when there is nothing.
    init?(_ path: String) {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        mode = UInt32(info.st_mode) & 0o7777
        user = info.st_uid
        group = info.st_gid
    }
}
#endif
