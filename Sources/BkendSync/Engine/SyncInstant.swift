/// A moment on the engine's monotonic clock, counted from the start of synchronisation. The device's wall clock never
/// affects data (sync.md, promise 8).
public struct SyncInstant: Comparable, Hashable, Sendable {
    /// The time since the origin.
    public var offset: Duration

    /// A moment.
    package init(offset: Duration) { self.offset = offset }

    /// The origin.
    public static let zero = SyncInstant(offset: .zero)

    /// The moment after a time.
    public func advanced(by duration: Duration) -> SyncInstant { SyncInstant(offset: offset + duration) }

    /// The time from this moment to another.
    public func duration(to other: SyncInstant) -> Duration { other.offset - offset }

    /// The earlier moment is the lesser one.
    public static func < (a: SyncInstant, b: SyncInstant) -> Bool { a.offset < b.offset }
}
