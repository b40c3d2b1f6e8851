import BkendWire
import Synchronization

/// A line of tasks before something that only so many may do at once, in the order of `FairQueue`. Who waits holds no
/// thread; whose client goes, or whose task is cancelled, leaves the line.
package final class FairLine: Sendable {
    private typealias Rest = (share: QueueShare, continuation: CheckedContinuation<Void, Never>)
    private struct State {
        var queue: FairQueue
        var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
        var lastTicket = 0
        /// Who waits for an environment to come to rest.
        var resting: [Rest] = []
    }
    private let state: Mutex<State>
    /// How many may have a place at once.
    package let places: Int
    private let refusal: @Sendable (FairQueue.Refusal) -> QueueRefused
    private let report: @Sendable (QueueEvent) -> Void

    /// A line with nobody in it.
    ///
    /// - Parameters:
    ///   - work: what is waited for, as a message names it: `slow queries`.
    ///   - code: the code of a 429.
    ///   - report: told of what happens.
    package init(
        _ limits: QueueLimits, waitingFor work: String, code: ErrorCode = .rateLimitExceeded,
        retryAfterSeconds: Int = 1, report: @escaping @Sendable (QueueEvent) -> Void = { _ in }
    ) {
        places = limits.places
        state = Mutex(State(queue: FairQueue(limits)))
        refusal = { QueueRefused($0, waitingFor: work, code: code, retryAfterSeconds: retryAfterSeconds) }
        self.report = report
    }

    /// Runs `body` when it is its turn.
    ///
    /// - Throws: `QueueRefused` when the line is full, `ClientGone` when the client left it, `CancellationError` when the
    ///   task was cancelled in it; what `body` throws.
    package func pass<Result>(
        _ share: QueueShare, departure: Departure? = nil, _ body: () async throws -> Result
    ) async throws -> Result {
        try await enter(share, departure)
        defer { leave(share) }
        return try await body()
    }

    /// How many wait.
    package var waiting: Int { state.withLock { $0.queue.waiting } }

    /// How many have a place.
    package var running: Int { state.withLock { $0.queue.running } }

    /// Lets nobody of an environment have a place from now on; who comes waits.
    package func pause(_ share: QueueShare) { state.withLock { $0.queue.pause(share) } }

    /// Returns when nobody of an environment has a place any more; for one that is paused.
    package func atRest(_ share: QueueShare) async {
        await withCheckedContinuation { continuation in
            let isAtRest = state.withLock { state in
                if state.queue.running(inEnvironmentOf: share) == 0 { return true }
                state.resting.append((share, continuation))
                return false
            }
            if isAtRest { continuation.resume() }
        }
    }

    /// Ends a pause.
    package func resume(_ share: QueueShare) { admit { $0.resume(share) } }

    private func enter(_ share: QueueShare, _ departure: Departure?) async throws {
        let (ticket, isAdmitted) = state.withLock { state in
            state.lastTicket += 1
            return (state.lastTicket, state.queue.admitAtOnce(share))
        }
        if isAdmitted { return report(.admitted(after: nil)) }
        let start = ContinuousClock.now
        var hasWaited = false
        let watch = departure?.watch { [self] in giveUp(ticket, share, ClientGone()) }
        defer { if let watch { departure?.forget(watch) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                hasWaited = wait(ticket, share, departure, continuation)
            }
        } onCancel: {
            giveUp(ticket, share, CancellationError())
        }
        report(.admitted(after: hasWaited ? start.duration(to: .now) : nil))
    }

    /// Stands in the line; false when there was no need.
    private func wait(
        _ ticket: Int, _ share: QueueShare, _ departure: Departure?,
        _ continuation: CheckedContinuation<Void, any Error>
    ) -> Bool {
        let (arrival, out) = state.withLock { state -> (FairQueue.Arrival, CheckedContinuation<Void, any Error>?) in
            let arrival = state.queue.arrive(ticket, of: share)
            guard case .waits(let out) = arrival else { return (arrival, nil) }
            state.waiting[ticket] = continuation
            return (arrival, out.flatMap { state.waiting.removeValue(forKey: $0) })
        }
        switch arrival {
        case .admitted:
            continuation.resume()
            return false
        case .refused(let reason):
            report(.refused(reason, hasWaited: false))
            continuation.resume(throwing: refusal(reason))
            return false
        case .waits:
            report(.waits)
            if let out {
                report(.refused(.clientShare, hasWaited: true))
                out.resume(throwing: refusal(.clientShare))
            }
            // Both may have come before there was anything to give up.
            if departure?.isPast == true { giveUp(ticket, share, ClientGone()) }
            if Task.isCancelled { giveUp(ticket, share, CancellationError()) }
            return true
        }
    }

    private func giveUp(_ ticket: Int, _ share: QueueShare, _ error: any Error) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard state.queue.giveUp(ticket, of: share) else { return nil }
            return state.waiting.removeValue(forKey: ticket)
        }
        guard let continuation else { return }
        report(.abandoned)
        continuation.resume(throwing: error)
    }

    private func leave(_ share: QueueShare) { admit { $0.leave(share) } }

    /// Changes the queue, and lets in whose turn it is then.
    private func admit(_ change: (inout FairQueue) -> [Int]) {
        let (next, rested) = state.withLock { state -> ([CheckedContinuation<Void, any Error>], [Rest]) in
            let next = change(&state.queue).compactMap { state.waiting.removeValue(forKey: $0) }
            if state.resting.isEmpty { return (next, []) }
            let rested = state.resting.filter { state.queue.running(inEnvironmentOf: $0.share) == 0 }
            state.resting.removeAll { waiter in rested.contains { $0.share == waiter.share } }
            return (next, rested)
        }
        for continuation in next { continuation.resume() }
        for waiter in rested { waiter.continuation.resume() }
    }
}
