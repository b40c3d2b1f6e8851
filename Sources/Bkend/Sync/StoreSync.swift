import BkendSync
import BkendWire
import Logging

/// The engine of one handle on a store: made when synchronisation is started, told of what happens in the store and to
/// the session, dropped when it is stopped.
actor StoreSync {
    private typealias Engine = SyncEngine<ContinuousClock>

    private struct Running {
        let engine: Engine
        let options: SyncOptions
        var followers: [Task<Void, Never>] = []
    }

    nonisolated let hub = Broadcast(startingWith: SyncStatus())
    let open: OpenStore
    private let runner: CallRunner
    private var running: Running?
    private var isClosed = false
    /// The policies of subscriptions, which live as long as the handle: functions can't be stored.
    private var conflicts: [Int64: ConflictPolicy] = [:]

    init(_ open: OpenStore, _ runner: CallRunner) {
        self.open = open
        self.runner = runner
    }

    deinit {
        guard let running else { return }
        for follower in running.followers { follower.cancel() }
        Task { [engine = running.engine] in await engine.stop() }
    }

    // MARK: Start and stop

    func start(_ options: SyncOptions) async throws(StoreError) {
        await stop()
        // Followed before they are looked at, so that nothing falls between the two.
        let changes = runner.sessions.changes.stream()
        let signals = try await open.watch(.outbox)
        let news = try await open.read { try $0.engineNews() }
        let user = try await Self.user(of: open, runner.sessions)
        let core = try open.core
        guard !isClosed else { throw StoreError(.closed) }
        // Somebody else has started it while this waited.
        guard running == nil else { return }
        let engine = Engine(
            store: core.database,
            configuration: options.configuration(server: runner.identity, bySubscription: conflicts),
            sender: ClientSender(runner), clock: ContinuousClock(),
            lock: open.leaderLockPath.map { LeaderLock(path: $0) }, logger: runner.options.logger)
        running = Running(engine: engine, options: options)
        do {
            try await engine.start(user: user)
        } catch {
            if running?.engine === engine { running = nil }
            throw StoreError(error)
        }
        guard running?.engine === engine else { return }
        running?.followers = [
            Task { [hub] in for await status in await engine.statuses() { hub.tell(status) } },
            Task { await Self.follow(signals, in: open, news, engine) },
            Task { [open, runner] in
                for await change in changes {
                    if case .refreshed = change { continue }
                    await engine.noteSession(user: try? Self.user(of: open, runner.sessions))
                }
            },
        ]
    }

    func stop() async {
        guard let running else { return }
        self.running = nil
        for follower in running.followers { follower.cancel() }
        await running.engine.stop()
        for follower in running.followers { await follower.value }
        hub.tell(await running.engine.status)
    }

    func close() async {
        isClosed = true
        await stop()
        hub.close()
    }

    // MARK: What the app says

    func pause() async { await running?.engine.pause() }

    func resume() async { await running?.engine.resume() }

    func syncNow() async {
        guard let engine = running?.engine else { return }
        switch await engine.status.state {
        // Another client or process may have signed the user in.
        case .signedOut, .paused(.otherUser), .paused(.noSession): await noteSession()
        default: break
        }
        await engine.syncNow()
    }

    /// The engine's statuses, nil when there is none.
    func engineStatuses() async -> AsyncStream<SyncStatus>? { await running?.engine.statuses() }

    func status() async -> SyncStatus { await running?.engine.status ?? hub.latest ?? SyncStatus() }

    /// The session, or the store's owner, is another.
    func noteSession() async {
        guard let engine = running?.engine else { return }
        await engine.noteSession(user: try? Self.user(of: open, runner.sessions))
    }

    /// An entry was retried, edited or discarded.
    func noteOutbox() async { await running?.engine.noteLocalWrite() }

    func noteSubscriptions() async { await running?.engine.noteSubscriptions() }

    func setPolicy(_ policy: ConflictPolicy?, of subscription: Int64) async {
        if policy == nil, conflicts[subscription] == nil { return }
        conflicts[subscription] = policy
        guard let running else { return }
        await running.engine.setPolicies(running.options.policies(bySubscription: conflicts))
    }

    // MARK: What happens elsewhere

    /// Tells the engine of entries and subscriptions that are new, whichever handle or process made them.
    private static func follow(
        _ signals: SignalObservation, in open: OpenStore, _ known: EngineNews, _ engine: Engine
    ) async {
        var known = known
        while await signals.next() {
            // A store that can't be read now tells the engine itself.
            guard let news = try? await open.read({ try $0.engineNews() }) else { continue }
            if news.newestEntry > known.newestEntry { await engine.noteLocalWrite() }
            if news.hasOtherSubscriptions(than: known) { await engine.noteSubscriptions() }
            let newest = max(known.newestEntry, news.newestEntry)
            known = news
            known.newestEntry = newest
        }
    }

    /// Who is signed in, as the engine is told: `""` where a guest's store is nobody else's now, nil for nobody.
    private static func user(of open: OpenStore, _ sessions: SessionKeeper) async throws(StoreError) -> String? {
        let session: Session?
        do throws(BkendError) {
            session = try await sessions.stored()
        } catch {
            throw StoreError(.session(error.description))
        }
        guard let session else { return try await open.read { try $0.owner }.isEmpty ? "" : nil }
        return session.status == .ended ? nil : session.userID
    }
}
