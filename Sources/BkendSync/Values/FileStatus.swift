/// The files that wait for the server, in numbers.
///
/// ```swift
/// let files = status.files
/// bar.fraction = files.bytes > 0 ? Double(files.sent) / Double(files.bytes) : 1
/// ```
public struct FileStatus: Sendable, Hashable {
    /// How many files aren't on the server yet. Dead letters don't count.
    public var waiting = 0
    /// How many bytes they have together.
    public var bytes: Int64 = 0
    /// How many of these bytes have left, of the files that are on their way.
    public var sent: Int64 = 0
    /// How many of the files aren't sent: `SyncOptions.uploads` holds them, or the store is a guest's. Call
    /// `LocalSync.uploadNow()`, or have the guest sign in.
    public var held = 0

    /// No files.
    package init() {}
}

/// Which files aren't sent though they could be.
package struct HeldFiles: Sendable, Hashable {
    /// Those that have more bytes.
    package var above: Int64
    /// Those that were attached after this entry.
    package var after: Int64

    /// Held files.
    package init(above: Int64, after: Int64) {
        self.above = above
        self.after = after
    }
}
