#if Server
/// Work whose time an answer must not show. A bounded number waits; what comes past it is dropped and said so.
actor Background {
    private var running = 0
    private let limit: Int
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(limit: Int) { self.limit = limit }

    /// Starts work; false when too much is under way.
    func start(_ work: @escaping @Sendable () async -> Void) -> Bool {
        guard running < limit else { return false }
        running += 1
        Task {
            await work()
            finish()
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
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
#endif
