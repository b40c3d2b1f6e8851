public import Foundation
import Synchronization

/// A clock that stands still until the test moves it, for clients and servers alike.
///
///     let clock = TestClock()
///     let server = try await TestServer.start(tables: tables, clock: clock)
///     let client = try BkendClient(url: server.url, key: server.publishableKey, clock: clock)
///     // … the access token expires …
///     clock.advance(by: .seconds(3_600))
///
/// It has two hands. One measures: waits, polls and back-offs of the client, delays of a ``FaultPlan``; it only goes
/// forward, by ``advance(by:)``. The other tells the date: a server's stamps, the age of tokens; it goes with the first, and
/// ``skew(by:)`` moves it alone, also back. Time-outs of a transport are the system's.
///
/// While the clock stands, a server gives equal stamps to records that are written after each other.
public final class TestClock: Clock, Sendable {
    /// A time of the clock.
    public struct Instant: InstantProtocol {
        /// Since the clock was made.
        let offset: Duration

        /// A later or earlier time.
        public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        /// From here to another time.
        public func duration(to other: Instant) -> Duration { other.offset - offset }
        /// Earlier before later.
        public static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    private struct Sleeper {
        var end: Instant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var date: Date
        var sleepers: [Int: Sleeper] = [:]
        var lastSleeper = 0
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    /// A clock that stands at a date, by default at noon (UTC) of 1 June 2025.
    public init(at date: Date = Date(timeIntervalSince1970: 1_748_779_200)) {
        state = Mutex(State(date: date))
    }

    /// The time that has passed.
    public var now: Instant { state.withLock { $0.now } }
    /// What the date hand shows.
    public var date: Date { state.withLock { $0.date } }
    /// Nothing is too short for it.
    public var minimumResolution: Duration { .zero }
    /// How many waits there are that only the clock can end.
    public var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// Moves both hands forward and ends the waits that are over by then, the earliest first.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: max(Duration.zero, duration))
            state.date += max(Duration.zero, duration) / .seconds(1)
            let due = state.sleepers.filter { $0.value.end <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.sorted { $0.end < $1.end }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Moves the clock on, a step each millisecond, while something runs that waits for it: an engine that backs off, a
    /// call that is repeated.
    ///
    ///     let status = await clock.running { await store.sync.settled() }
    ///
    /// A request takes real time meanwhile, and a long time by this clock: give the engine a long
    /// `SyncOptions.requestDeadline`.
    @discardableResult
    public func running<Result: Sendable>(
        step: Duration = .seconds(1), isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Result
    ) async rethrows -> Result {
        let ticking = Task {
            while !Task.isCancelled {
                advance(by: step)
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        // A step may be under way: the clock stands still again when this returns.
        func stop() async {
            ticking.cancel()
            await ticking.value
        }
        do {
            let result = try await body()
            await stop()
            return result
        } catch {
            await stop()
            throw error
        }
    }

    /// Moves the date alone, forward or, with a negative duration, back. No wait ends.
    public func skew(by duration: Duration) { state.withLock { $0.date += duration / .seconds(1) } }

    /// Waits until the test has moved the clock so far.
    ///
    /// - Throws: `CancellationError`
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let number = state.withLock { state in
            state.lastSleeper += 1
            return state.lastSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
                    if deadline <= state.now { return .success(()) }
                    state.sleepers[number] = Sleeper(end: deadline, continuation: continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                if state.sleepers[number] == nil { state.cancelled.insert(number) }
                return state.sleepers.removeValue(forKey: number)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
        state.withLock { _ = $0.cancelled.remove(number) }
    }
}
