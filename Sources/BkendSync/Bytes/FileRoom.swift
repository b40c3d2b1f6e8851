import BkendWire

/// Where a store's files are and how much room they may take, as a transaction sees it.
struct FileRoom {
    let folder: FileFolder
    let limits: FileLimits

    /// How many bytes may come before the disk has no more than what stays free.
    var left: Int64 { folder.freeBytes(folder.path).map { max(0, $0 - limits.free) } ?? .max }
}
