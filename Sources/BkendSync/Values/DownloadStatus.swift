/// The files that subscriptions keep on this device and that are still to come, in numbers.
///
/// ```swift
/// if status.downloads.waiting > 0 { hint("\(status.downloads.waiting) pictures are on their way") }
/// ```
public struct DownloadStatus: Sendable, Hashable {
    /// How many files are still to come.
    public var waiting = 0
    /// How many bytes have come of the files that are on their way.
    public var received: Int64 = 0
    /// How many files don't come: the server doesn't have them, or doesn't show them to this user. They are asked for again
    /// when a record that names them changes.
    public var refused = 0
    /// Whether files wait for room: `FileLimits.kept` is reached, or the disk is full but for `FileLimits.free`.
    public var lacksRoom = false

    /// No files.
    package init() {}
}
