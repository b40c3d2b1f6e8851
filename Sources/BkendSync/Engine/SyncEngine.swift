import BkendWire
import Logging

/// Performs what `EngineMachine` decides: sends, waits, refreshes, publishes. It decides nothing itself.
///
/// One engine leads a store. Where several processes have it open, the leader lock says which; the others try to take
/// it over every few seconds. The epoch in the store stops an engine that goes on without it. Stop an engine before
/// letting go of it; one that was stopped is over.
package actor SyncEngine<C: Clock> where C.Duration == Duration {
    /// Its transactions wait for the disk and for other writers, which no thread of Swift's own pool may do.
    private nonisolated let executor = QueueExecutor(label: "bkend.sync")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    /// Nil once the engine was stopped: whatever task is left then neither holds the store open nor writes to it.
    private var machine: EngineMachine?
    private let sender: any SyncSender
    private let rules: SyncRules
    private let deadlineMargin: Duration
    private let candidacyInterval: Duration
    private let clock: C
    private let origin: C.Instant
    private let instruments: SyncInstruments
    private let lock: LeaderLock?
    private var candidacy: Task<Void, Never>?
    private var isLockBroken = false
    private var requests: [RequestID: Task<Void, Never>] = [:]
    private var deadlines: [RequestID: Task<Void, Never>] = [:]
    /// How many bytes of files have left, and how many have come.
    private var sent: [RequestID: Int64] = [:]
    private var received: [RequestID: Int64] = [:]
    /// Answers that the machine hasn't been told of yet, in the order in which they came.
    private var arrived: [EngineEvent] = []
    private var timer: Task<Void, Never>?
    private var refreshing: Task<Void, Never>?
    private let told: Broadcast<SyncStatus>

    /// What the engine does now.
    package private(set) var status: SyncStatus
    /// The same as the machine has it, which doesn't follow bytes on their way.
    private var decided: SyncStatus

    /// An engine over a store; it does nothing until `start`.
    ///
    /// - Parameter seed: of the randomness that spreads waits; the system's unless a test says otherwise.
    package init(
        store: StoreDatabase, configuration: SyncConfiguration, sender: any SyncSender, clock: C,
        lock: LeaderLock? = nil, logger: Logger = Logger(label: "bkend.sync"), rules: SyncRules = SyncRules(),
        seed: UInt64 = .random(in: .min ... .max)
    ) {
        let machine = EngineMachine(
            store: store, configuration: configuration, rules: rules, random: SyncRandom(seed: seed))
        self.machine = machine
        self.sender = sender
        self.rules = rules
        deadlineMargin = configuration.deadlineMargin
        candidacyInterval = configuration.candidacyInterval
        self.clock = clock
        self.lock = lock
        origin = clock.now
        instruments = SyncInstruments(logger: logger)
        status = machine.status
        decided = machine.status
        told = Broadcast(startingWith: machine.status)
    }

    // MARK: The app's half

    /// Begins to lead the store as this user, `""` for a guest, nil for nobody; at once, or when no other process leads
    /// any more. Does nothing after `stop`.
    ///
    /// - Throws: `StorageError` when the leader lock can't be used.
    package func start(user: String?) throws {
        if machine == nil { return }
        tell(.sessionChanged(user: user))
        guard let lock, try !lock.take() else { return tell(.start) }
        candidacy?.cancel()
        candidacy = Task { [clock, candidacyInterval] in
            while true {
                do {
                    try await clock.sleep(until: clock.now.advanced(by: candidacyInterval), tolerance: nil)
                } catch { return }
                if self.takesLead(lock) { return }
            }
        }
    }

    /// Takes the lead if it is free; whether there is nothing more to try.
    private func takesLead(_ lock: LeaderLock) -> Bool {
        // Stopped while its candidate was waking, an engine may not take the lock: nobody would give it back.
        if machine == nil { return true }
        do {
            guard try lock.take() else { return false }
        } catch {
            // It may work again: the process may have had too many files open.
            if !isLockBroken { instruments.note(brokenLock: error) }
            isLockBroken = true
            return false
        }
        isLockBroken = false
        tell(.start)
        return true
    }

    /// Lets go of everything, the store first; what was in flight is looked up at the next start, by whichever process
    /// leads then.
    package func stop() {
        candidacy?.cancel()
        candidacy = nil
        tell(.stop)
        machine = nil
        timer?.cancel()
        timer = nil
        refreshing?.cancel()
        refreshing = nil
        for id in requests.keys.sorted() { drop(id) }
        lock?.release()
    }

    /// Sends nothing until `resume`.
    package func pause() { tell(.pause) }

    /// Goes on after `pause`.
    package func resume() { tell(.resume) }

    /// Pushes and pulls now.
    package func syncNow() { tell(.syncNow) }

    /// Sends the files that wait now.
    package func uploadNow() { tell(.uploadNow) }

    /// Something in the outbox changed.
    package func noteLocalWrite() { tell(.localWrite) }

    /// A subscription was added, changed or removed.
    package func noteSubscriptions() { tell(.subscriptionsChanged) }

    /// What conflicts come to from now on.
    package func setPolicies(_ policies: SyncPolicies) { machine?.policies = policies }

    /// What the system says of the network.
    package func noteNetwork(reachable: Bool) { tell(.networkChanged(reachable: reachable)) }

    /// Who is signed in now. Said for the same user again, everything is compared: the role may be another. A renewed
    /// token is no such news.
    package func noteSession(user: String?) { tell(.sessionChanged(user: user)) }

    /// As whom it sends, `""` for a guest, nil for nobody; nobody also where it has found a session to be over.
    package var user: String? { machine?.user }

    /// The status now, and each one that differs; a slow reader gets the newest.
    package nonisolated func statuses() -> AsyncStream<SyncStatus> { told.stream() }

    // MARK: Effects

    private func tell(_ event: EngineEvent) {
        arrived.append(event)
        tellArrived()
    }

    private func tellArrived() {
        let events = arrived
        arrived = []
        guard let machine, !events.isEmpty else { return }
        let now = SyncInstant(offset: origin.duration(to: clock.now))
        for effect in machine.handle(events, at: now) { perform(effect) }
    }

    private func perform(_ effect: EngineEffect) {
        switch effect {
        case .send(let id, let request): send(request, id)
        case .cancel(let id): drop(id)
        case .refreshSession(let generation):
            refreshing = Task { [sender] in
                let outcome = await sender.refresh()
                self.tell(.sessionRefreshed(outcome, generation: generation))
            }
        case .wake(let moment): wake(at: moment)
        case .status(let status):
            instruments.note(status, after: self.status)
            decided = status
            publish()
        }
    }

    /// Publishes the status with what has left and come of files.
    private func publish() {
        var status = decided
        status.files.sent += sent.values.reduce(0, +)
        status.downloads.received = received.values.reduce(0, +)
        self.status = status
        told.tell(status)
    }

    /// So many bytes of a file have left, or come. The machine need not know.
    private func note(_ bytes: Int64, of id: RequestID, areReceived: Bool) {
        guard requests[id] != nil, bytes > (areReceived ? received : sent)[id] ?? 0 else { return }
        if areReceived { received[id] = bytes } else { sent[id] = bytes }
        publish()
    }

    private func send(_ request: SyncRequest, _ id: RequestID) {
        // A sender keeps the deadline; one that doesn't may not hold its lane for ever.
        let limit = request.deadline + deadlineMargin
        let end = clock.now.advanced(by: limit)
        requests[id] = Task {
            let (response, verdict) = await self.exchange(request, id)
            self.answered(id, response, verdict)
        }
        deadlines[id] = Task { [clock] in
            do { try await clock.sleep(until: end, tolerance: nil) } catch { return }
            self.answered(id, .lost(SyncFailure(.timedOut, "no response within \(limit)")), nil)
        }
    }

    /// Sends a request and reads its answer, beside the transaction that the actor may be in: reading a page is a good part
    /// of the work that it makes.
    @concurrent
    private nonisolated func exchange(_ request: SyncRequest, _ id: RequestID) async -> (SyncResponse, Verdict) {
        let areReceived = request.operation.isForBytes
        let response = await instruments.send(request, id, through: sender) { bytes in
            Task { await self.note(bytes, of: id, areReceived: areReceived) }
        }
        return (response, rules.verdict(request.operation, response))
    }

    private func answered(_ id: RequestID, _ response: SyncResponse, _ verdict: Verdict?) {
        guard requests[id] != nil else { return }
        drop(id)
        // What came while the last commit was synced waits for this actor as this answer did. One commit keeps all of it.
        arrived.append(.answered(id, response, read: verdict))
        if arrived.count == 1 { Task { self.tellArrived() } }
    }

    private func drop(_ id: RequestID) {
        requests.removeValue(forKey: id)?.cancel()
        deadlines.removeValue(forKey: id)?.cancel()
        sent[id] = nil
        received[id] = nil
    }

    private func wake(at moment: SyncInstant?) {
        timer?.cancel()
        timer = nil
        guard let moment else { return }
        timer = Task { [clock, origin] in
            do { try await clock.sleep(until: origin.advanced(by: moment.offset), tolerance: nil) } catch { return }
            self.tell(.timer)
        }
    }
}
