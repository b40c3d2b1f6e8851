import NIOCore

/// How bytes pass: whether any do, and whether they are enough.
struct ByteFlow {
    private var bytes = 0
    /// When the last of them passed.
    private(set) var latest: NIODeadline
    private var windowStart: NIODeadline

    /// A flow that begins now.
    init(_ now: NIODeadline) {
        latest = now
        windowStart = now
    }

    /// Begins to count anew.
    mutating func begin(_ now: NIODeadline) { self = ByteFlow(now) }

    /// So many bytes passed.
    mutating func add(_ count: Int, now: NIODeadline) {
        guard count > 0 else { return }
        bytes += count
        latest = now
    }

    /// Whether for a time no byte passed, or too few.
    mutating func stalls(over time: TimeAmount, now: NIODeadline) -> Bool {
        if now >= latest + time { return true }
        guard now >= windowStart + time else { return false }
        let needed = Int64(ConnectionBounds.bytesPerSecond) * time.nanoseconds / 1_000_000_000
        defer { (bytes, windowStart) = (0, now) }
        return bytes < needed
    }
}
