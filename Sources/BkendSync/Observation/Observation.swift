/// An observer's place in the feed; it ends when nobody holds it any more.
package final class FeedObservation: Sendable {
    private let remove: @Sendable () -> Void

    init(_ remove: @escaping @Sendable () -> Void) { self.remove = remove }

    /// Ends the observation; whoever waits gets nil.
    package func end() { remove() }

    deinit { remove() }
}

/// An observed query.
package struct QueryObservation: Sendable {
    /// Holds the observation.
    package let observation: FeedObservation
    private let results: Newest<ObservedResult>

    init(_ observation: FeedObservation, results: Newest<ObservedResult>) {
        self.observation = observation
        self.results = results
    }

    /// The newest result that was not taken yet; waits for one. Nil when the observation has ended or the task was
    /// cancelled. It may equal the one before.
    package func next() async -> ObservedResult? { await results.next() }
}

/// Something that is watched.
package struct SignalObservation: Sendable {
    /// Holds the observation.
    package let observation: FeedObservation
    private let signals: Newest<Void>

    init(_ observation: FeedObservation, signals: Newest<Void>) {
        self.observation = observation
        self.signals = signals
    }

    /// Waits until something may have happened; false when the observation has ended or the task was cancelled.
    package func next() async -> Bool { await signals.next() != nil }
}
