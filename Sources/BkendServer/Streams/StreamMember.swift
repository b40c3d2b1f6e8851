import BkendWire
import Synchronization

/// An open stream, as those who tell it something know it: what waits to be written.
///
/// It holds little. A stream whose client takes nothing meanwhile is put behind, and reads for itself from where its
/// client is when the client goes on.
final class StreamMember: Sendable {
    /// What a stream does next.
    enum Next: Sendable {
        /// Writes an event.
        case event(StreamEvent)
        /// Reads for itself: there is more after a position than it was told.
        case read(after: Int64)
        /// Nothing was written for a while.
        case pause
        case end
    }

    private struct State {
        /// The number under which it has joined; 0 while it hasn't.
        var number = 0
        var events: [StreamEvent] = []
        var bytes = 0
        /// The position up to which it was told, when it has to read for itself.
        var behind: Int64?
        var isEnded = false
        var lastWritten = ContinuousClock.now
        var waiting: CheckedContinuation<Next, Never>?
    }

    /// How many bytes may wait for a stream that is at work. One that isn't takes any event.
    private static let mostBytes = 64 << 10

    private let state = Mutex(State())

    var isEnded: Bool { state.withLock { $0.isEnded } }

    /// What is to be done next; returns when there is something.
    func next() async -> Next {
        await withCheckedContinuation { continuation in
            let next = state.withLock { state -> Next? in
                if let next = Self.next(&state) { return next }
                state.waiting = continuation
                return nil
            }
            if let next { continuation.resume(returning: next) }
        }
    }

    private static func next(_ state: inout State) -> Next? {
        if state.isEnded { return .end }
        if !state.events.isEmpty {
            let event = state.events.removeFirst()
            state.bytes -= event.bytes
            return .event(event)
        }
        defer { state.behind = nil }
        return state.behind.map { .read(after: $0) }
    }

    /// Begins to be told under a number, 0 for not at all. What waits from before is nobody's: the stream has read it for
    /// itself, or will.
    ///
    /// - Returns: whether anything waited.
    @discardableResult
    func begin(_ number: Int) -> Bool {
        state.withLock { state in
            defer { (state.number, state.events, state.bytes, state.behind) = (number, [], 0, nil) }
            return !state.events.isEmpty || state.behind != nil
        }
    }

    /// Tells the stream something that is meant for a number; false when too much waits already.
    func deliver(_ event: StreamEvent, to number: Int) -> Bool {
        change { state in
            guard state.number == number else { return true }
            let bytes = event.bytes
            guard state.waiting != nil || state.bytes + bytes <= Self.mostBytes else { return false }
            state.events.append(event)
            state.bytes += bytes
            return true
        }
    }

    /// The stream of a number was told up to a position and has to read for itself.
    func fallBehind(after position: Int64, _ number: Int) {
        change { state in
            guard state.number == number else { return }
            state.behind = position
        }
    }

    /// Ends the stream.
    func end() { change { $0.isEnded = true } }

    /// Something was written.
    func noteWriting() { state.withLock { $0.lastWritten = .now } }

    /// Wakes a stream that has written nothing since a time.
    func wake(idleSince time: ContinuousClock.Instant) {
        let waiting = state.withLock { state -> CheckedContinuation<Next, Never>? in
            guard state.lastWritten <= time else { return nil }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: .pause)
    }

    @discardableResult
    private func change<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, waiting, next) = state.withLock { state in
            let result = body(&state)
            guard let waiting = state.waiting, let next = Self.next(&state) else {
                return (result, CheckedContinuation<Next, Never>?.none, Next?.none)
            }
            state.waiting = nil
            return (result, waiting, next)
        }
        if let next { waiting?.resume(returning: next) }
        return result
    }
}
