public import BkendSync

extension LocalStore {
    /// Brings this store and the server together.
    public var sync: LocalSync { LocalSync(store: self) }
}

/// The synchronisation of a local store: off until it is started, and never in the way of reads and writes.
///
/// ```swift
/// try await store.subscribe(to: articles.where { $0.isPublished == true })
/// try await store.sync.start()
/// for await status in store.sync.statuses { show(status.state, status.pending, status.failed) }
/// ```
///
/// Writes are sent as the user whose store it is, and only while that user is signed in. Of several processes with the
/// store open one synchronises it; the others' `start` takes over when that one ends.
public struct LocalSync: Sendable {
    let store: LocalStore

    /// Starts: sends what waits in the outbox, reads what is subscribed to, and keeps both going. It returns at once,
    /// without a network as well. When it was started before, it is stopped first, and goes on with these options.
    ///
    /// - Throws: `StoreError`
    public func start(_ options: SyncOptions = SyncOptions()) async throws(StoreError) {
        guard let synchroniser = store.synchroniser else {
            throw StoreError(.session("the store was opened without a client"))
        }
        try await synchroniser.start(options)
    }

    /// Stops. What was on its way is looked up on the server after the next start; nothing is sent twice. Closing the
    /// store stops as well.
    public func stop() async { await store.synchroniser?.stop() }

    /// Sends nothing until `resume`. Writes go on into the outbox. Does nothing when it isn't started.
    public func pause() async { await store.synchroniser?.pause() }

    /// Goes on after `pause`.
    public func resume() async { await store.synchroniser?.resume() }

    /// Sends and reads now, whatever waits for another attempt: when a network came back, or a user pulls to refresh. It
    /// doesn't wait for the outcome: `settled` does, and `statuses` tells. Does nothing when it isn't started.
    public func syncNow() async { await store.synchroniser?.syncNow() }

    /// Waits until nothing is left to do for now. Whatever returned before counts: a sign-in, a write, a subscription. Each
    /// entry that may be sent has had the server's answer, and each subscription was read to its end since `start` or the
    /// last `syncNow`. For work that has a beginning and an end: a command, a job in the background, a test.
    ///
    /// ```swift
    /// try await store.sync.start()
    /// let status = await store.sync.settled(within: .seconds(25))
    /// await store.close()
    /// ```
    ///
    /// It returns earlier when nothing can be sent: `offline`, `paused`, `signedOut`, or `stopped`, where it isn't started
    /// or another process synchronises the store; also when the time is over or the task is cancelled. Entries that wait
    /// for the app, dead letters and what depends on them, are not waited for, nor tables that the server closed to this
    /// user.
    ///
    /// - Returns: the status then: what is left stands in it.
    @discardableResult
    public func settled(within limit: Duration = .seconds(30)) async -> SyncStatus {
        await store.synchroniser?.settled(within: limit) ?? SyncStatus()
    }

    /// What synchronisation does now.
    public var status: SyncStatus {
        get async { await store.synchroniser?.status() ?? SyncStatus() }
    }

    /// The status now, and each one that differs. A slow reader gets the newest. It ends when the store is closed.
    public var statuses: AsyncStream<SyncStatus> { store.synchroniser?.hub.stream() ?? AsyncStream { $0.finish() } }
}
