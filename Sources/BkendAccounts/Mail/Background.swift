/// Work whose time an answer must not show, one after the other. A bounded number waits; what comes past it is dropped and
/// said so.
actor Background {
    private var running = 0
    private let limit: Int
    private var last: Task<Void, Never>?
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(limit: Int) { self.limit = limit }

    /// Starts work; false when too much is under way.
    func start(_ work: @escaping @Sendable () async -> Void) -> Bool {
        guard running < limit else { return false }
        running += 1
        let previous = last
        // Detached: a request's task knows its client, whose leaving must not end what it was promised.
        last = Task.detached { [self] in
            await previous?.value
            await work()
            await finish()
        }
        return true
    }

    /// Returns when nothing is under way.
    func drained() async {
        while running > 0 { await withCheckedContinuation { waiters.append($0) } }
    }

    private func finish() {
        running -= 1
        guard running == 0 else { return }
        last = nil
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
