import BkendSync
import BkendWire
import Logging

/// The engine of one handle on a store: made when synchronisation is started, told of what happens in the store and to
/// the session, dropped when it is stopped.
actor StoreSync {
    typealias Engine = SyncEngine<SyncClock>

    private struct Running {
        let engine: Engine
        let session: SyncedSession
        let options: SyncOptions
        /// What the engine knows of the store, at least.
        var known: EngineNews
        var followers: [Task<Void, Never>] = []
        /// What fills indexes that the server's spec asks for.
        var filling: Task<Void, Never>?
    }

    nonisolated let hub = Broadcast(startingWith: SyncStatus())
    let open: OpenStore
    let runner: CallRunner
    private var running: Running?
    private var isClosed = false
    /// What the app has said of the network.
    private var isReachable = true
    /// The policies of subscriptions, which live as long as the handle: functions can't be stored.
    private var conflicts: [Int64: ConflictPolicy] = [:]

    init(_ open: OpenStore, _ runner: CallRunner) {
        self.open = open
        self.runner = runner
    }

    deinit {
        guard let running else { return }
        for follower in running.followers { follower.cancel() }
        running.filling?.cancel()
        Task { [engine = running.engine] in await engine.stop() }
    }

    // MARK: Start and stop

    func start(_ options: SyncOptions) async throws(StoreError) {
        await stop()
        // Followed before they are looked at, so that nothing falls between the two.
        let changes = runner.sessions.changes.stream()
        let signals = try await open.watch(.outbox)
        let news = try await open.read { try $0.engineNews() }
        let sender = ClientSender(runner, files: try open.core.database.files)
        let session = SyncedSession(open: open, sender: sender, runner: runner, options: options)
        // Nobody, as long as it can't be read: nothing is sent, and it is looked at again.
        let user: String?
        do { user = try await session.user() } catch  where error.isOfSession { user = nil }
        let core = try open.core
        guard !isClosed else { throw StoreError(.closed) }
        // Somebody else has started it while this waited.
        guard running == nil else { return }
        let engine = Engine(
            store: core.database,
            configuration: options.configuration(server: runner.identity, bySubscription: conflicts),
            sender: sender, clock: runner.pacing.syncClock,
            lock: open.leaderLockPath.map { LeaderLock(path: $0) }, logger: runner.options.logger)
        running = Running(engine: engine, session: session, options: options, known: news)
        do {
            // Said again if it changed while the engine was told.
            var told = true
            while told != isReachable {
                told = isReachable
                await engine.noteNetwork(reachable: told)
            }
            try await engine.start(user: user)
        } catch {
            await engine.stop()
            if running?.engine === engine { running = nil }
            throw StoreError(error)
        }
        // Stopped or closed meanwhile, which the engine may have heard of before it was started.
        guard running?.engine === engine else { return await engine.stop() }
        running?.followers = [
            Task { [hub] in for await status in engine.statuses() { hub.tell(status) } },
            Task { [weak self] in while await signals.next() { await self?.tellNews(to: engine) } },
            Task { await session.follow(changes, for: engine) },
            Task { await session.askWhileNothingIsSent(by: engine) },
        ]
        if news.hasIndexesToFill { fillIndexes() }
    }

    func stop() async {
        guard let running else { return }
        self.running = nil
        for follower in running.followers { follower.cancel() }
        running.filling?.cancel()
        await running.engine.stop()
        for follower in running.followers { await follower.value }
        await running.filling?.value
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
        await catchUp()
        await running?.engine.syncNow()
    }

    func uploadNow() async {
        await catchUp()
        await running?.engine.uploadNow()
    }

    func noteNetwork(isReachable: Bool) async {
        self.isReachable = isReachable
        await running?.engine.noteNetwork(reachable: isReachable)
    }

    /// What it was started with; nil where it isn't started.
    func runningOptions() -> SyncOptions? { running?.options }

    /// The engine's statuses, nil when there is none.
    func engineStatuses() -> AsyncStream<SyncStatus>? { running?.engine.statuses() }

    /// The status, which counts every call that returned before.
    func status() async -> SyncStatus {
        await catchUp()
        return await running?.engine.status ?? hub.latest ?? SyncStatus()
    }

    /// The session, or the store's owner, is another. A session that can't be read now is asked for again.
    func noteSession() async {
        guard let running else { return }
        let user: String?
        do { user = try await running.session.user() } catch { return }
        await running.engine.noteSession(user: user)
    }

    func noteSubscriptions() async { await running?.engine.noteSubscriptions() }

    func setPolicy(_ policy: ConflictPolicy?, of subscription: Int64) async {
        if policy == nil, conflicts[subscription] == nil { return }
        conflicts[subscription] = policy
        guard let running else { return }
        await running.engine.setPolicies(running.options.policies(bySubscription: conflicts))
    }

    // MARK: What happens elsewhere

    /// Tells the engine at once what it would hear of a moment later: who is signed in, what was written, subscribed to or
    /// decided, through whichever handle or process. Whatever returned before is known to it afterwards.
    func catchUp() async {
        guard let running else { return }
        await running.session.tellUser(to: running.engine)
        await tellNews(to: running.engine)
    }

    /// Tells the engine of what is new in the store.
    private func tellNews(to engine: Engine) async {
        // A store that can't be read now tells the engine itself.
        guard let news = try? await open.read({ try $0.engineNews() }), let running, running.engine === engine else {
            return
        }
        let known = running.known
        // Told before it counts as known: who finds it known goes on at once. Told twice, it does no harm.
        if news.hasMoreToDo(than: known) { await engine.noteLocalWrite() }
        if news.hasOtherSubscriptions(than: known) { await engine.noteSubscriptions() }
        if news.owner != known.owner { await running.session.noteOwner(for: engine) }
        if news.hasIndexesToFill { fillIndexes() }
        guard self.running?.engine === engine else { return }
        let newest = max(known.newestEntry, news.newestEntry, self.running?.known.newestEntry ?? 0)
        self.running?.known = news
        self.running?.known.newestEntry = newest
    }

    /// Fills indexes beside everything else, unless that is under way. Where the store can't be written to, the next news
    /// tries again.
    private func fillIndexes() {
        guard running != nil, running?.filling == nil else { return }
        running?.filling = Task { [weak self, open] in
            var isDone = true
            do { try await open.fillIndexes() } catch { isDone = false }
            await self?.filled(isDone: isDone)
        }
    }

    private func filled(isDone: Bool) async {
        running?.filling = nil
        // One that was asked for at the last moment was not begun beside this one.
        if isDone, let engine = running?.engine { await tellNews(to: engine) }
    }
}
