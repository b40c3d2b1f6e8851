#if Server
import BkendWire

/// So many at once, so many in line, first come, first served. Who gives up leaves the line.
actor HashingSlots {
    private var free: Int
    private let limit: Int
    private var line: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    private var lastTicket = 0

    init(count: Int, waiting: Int) {
        free = count
        limit = waiting
    }

    /// Runs `body` in a slot.
    ///
    /// - Throws: `TooManyRequests` when the line is full, `CancellationError` when the task was cancelled in it.
    nonisolated func withSlot<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        try await enter()
        do {
            let result = try await body()
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async throws {
        if free > 0 {
            free -= 1
            return
        }
        guard line.count < limit else {
            throw TooManyRequests(.tooManyRequests, "the server is busy checking passwords", retryAfterSeconds: 5)
        }
        lastTicket += 1
        let ticket = lastTicket
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    line.append((ticket, continuation))
                }
            }
        } onCancel: {
            Task { await self.giveUp(ticket) }
        }
    }

    private func giveUp(_ ticket: Int) {
        guard let place = line.firstIndex(where: { $0.ticket == ticket }) else { return }
        line.remove(at: place).continuation.resume(throwing: CancellationError())
    }

    private func leave() {
        if line.isEmpty { free += 1 } else { line.removeFirst().continuation.resume() }
    }

    /// How many wait; tests await it.
    var waiting: Int { line.count }
}
#endif
