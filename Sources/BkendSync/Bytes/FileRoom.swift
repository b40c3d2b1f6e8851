import BkendWire

/// Where a store's files are and how much room they may take, as a transaction sees it.
struct FileRoom {
    let folder: FileFolder
    let limits: FileLimits

    /// How many bytes the disk lacks before so many more could come.
    func missing(for bytes: Int64) -> Int64 {
        folder.freeBytes(folder.path).map { max(0, bytes + limits.free - $0) } ?? 0
    }
}
