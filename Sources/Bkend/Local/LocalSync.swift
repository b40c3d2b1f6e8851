public import BkendSync

extension LocalStore {
    /// Synchronises this store with the server.
    public var sync: LocalSync { LocalSync(store: self) }
}

/// The synchronisation of a local store. It is off until you start it, and never blocks reads and writes.
///
/// ```swift
/// try await store.subscribe(to: articles.where { $0.isPublished == true })
/// try await store.sync.start()
/// for await status in store.sync.statuses { show(status.state, status.pending, status.failed) }
/// ```
///
/// Writes are sent as the store's owner, and only while that user is signed in. If several processes have the store
/// open, one of them synchronises it. When that process ends, another one that called `start` takes over.
public struct LocalSync: Sendable {
    let store: LocalStore

    /// Starts synchronisation: sends the writes in the outbox, reads the subscriptions, and keeps doing both. It
    /// returns at once, even without a network. If synchronisation is already running, it restarts with these options.
    ///
    /// - Throws: `StoreError`
    public func start(_ options: SyncOptions = SyncOptions()) async throws(StoreError) {
        guard let synchroniser = store.synchroniser else {
            throw StoreError(.session("the store was opened without a client"))
        }
        try await synchroniser.start(options)
    }

    /// Stops synchronisation. Requests in flight are looked up on the server after the next start, so that nothing is
    /// sent twice. Closing the store also stops it.
    public func stop() async { await store.synchroniser?.stop() }

    /// Sends nothing until `resume`. Writes are still added to the outbox. Does nothing if synchronisation isn't
    /// started.
    public func pause() async { await store.synchroniser?.pause() }

    /// Continues after `pause`.
    public func resume() async { await store.synchroniser?.resume() }

    /// Sends and reads now, without waiting for scheduled retries. Use it when a user pulls to refresh. It doesn't wait
    /// for the outcome; use `settled` or `statuses` for that. Does nothing if synchronisation isn't started.
    public func syncNow() async { await store.synchroniser?.syncNow() }

    /// Sends the files that wait now, also those that ``SyncOptions/uploads`` holds. Files that are attached later wait
    /// again. Does nothing if synchronisation isn't started, or if another process leads it, and is forgotten when the
    /// app ends.
    public func uploadNow() async { await store.synchroniser?.uploadNow() }

    /// Tells synchronisation what the system says about the network. While there is none, nothing is sent unless you call
    /// ``syncNow()``, and the state is `offline`. As soon as it is back, waiting writes are sent and the subscriptions are read.
    ///
    /// You don't have to call it: without it, requests are retried within a minute. It is remembered until the store is
    /// closed, also while synchronisation isn't started.
    ///
    /// ```swift
    /// for await isReachable in reachability { await store.sync.networkChanged(isReachable: isReachable) }
    /// ```
    public func networkChanged(isReachable: Bool) async {
        await store.synchroniser?.noteNetwork(isReachable: isReachable)
    }

    /// Waits until there is nothing left to do for now. It covers every call that returned before, such as a sign-in, a
    /// write or a subscription. Afterwards, the server has answered each entry that may be sent, and each subscription
    /// has been read to the end since `start` or the last `syncNow`. Files that subscriptions keep have come, unless one
    /// waits for room or for its next attempt. Use it for work with a beginning and an end: a command, a background job or a
    /// test.
    ///
    /// ```swift
    /// try await store.sync.start()
    /// let status = await store.sync.settled(within: .seconds(25))
    /// await store.close()
    /// ```
    ///
    /// It returns earlier if nothing can be sent: in the states `offline`, `paused`, `signedOut`, and `stopped`
    /// (synchronisation isn't started, or another process synchronises the store). It also returns when the time limit
    /// is reached or the task is cancelled. It doesn't wait for entries that need the app (dead letters and the entries
    /// that depend on them), or for tables that the server doesn't open to this user.
    ///
    /// - Returns: the status at that moment. It shows what is left to do.
    @discardableResult
    public func settled(within limit: Duration = .seconds(30)) async -> SyncStatus {
        await store.synchroniser?.settled(within: limit) ?? SyncStatus()
    }

    /// The current status of synchronisation.
    public var status: SyncStatus {
        get async { await store.synchroniser?.status() ?? SyncStatus() }
    }

    /// The current status, and then each change. A slow reader gets the newest status. The stream ends when the store
    /// is closed.
    public var statuses: AsyncStream<SyncStatus> { store.synchroniser?.hub.stream() ?? AsyncStream { $0.finish() } }
}
