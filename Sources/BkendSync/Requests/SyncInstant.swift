/// A moment on the engine's monotonic clock, counted from the start of synchronisation. The device's wall clock never
/// affects data (sync.md, promise 8).
package struct SyncInstant: Comparable, Hashable, Sendable {
    /// The time since the origin.
    package var offset: Duration

    /// A moment.
    package init(offset: Duration) { self.offset = offset }

    /// The origin.
    package static let zero = SyncInstant(offset: .zero)

    /// The moment after a time.
    package func advanced(by duration: Duration) -> SyncInstant { SyncInstant(offset: offset + duration) }

    /// The time from this moment to another.
    package func duration(to other: SyncInstant) -> Duration { other.offset - offset }

    /// The earlier moment is the lesser one.
    package static func < (a: SyncInstant, b: SyncInstant) -> Bool { a.offset < b.offset }
}
