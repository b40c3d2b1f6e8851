import BkendWire
import Dispatch
import Synchronization

/// One handle on an open store, for asynchronous code: nothing blocks the caller's executor. Reads run side by side on a
/// few threads, writes one after the other on another.
package final class OpenStore: Sendable {
    private struct State {
        /// Nil once closed.
        var core: StoreCore?
        var observers: Set<Int> = []
    }
    private let state: Mutex<State>
    private let location: StoreLocation?

    /// A handle on a store at a place; nil in memory.
    package init(_ core: StoreCore, at location: StoreLocation? = nil) {
        state = Mutex(State(core: core))
        self.location = location
    }

    /// A handle on a store over a database that is open already; in memory, for example.
    package convenience init(_ database: StoreDatabase, lock: ChangeFeed.Lock? = nil) {
        self.init(StoreCore(database, lock: lock))
    }

    /// Opens or makes the store of a user. It blocks no executor.
    ///
    /// - Parameters:
    ///   - owner: the user's id, "" for a guest; nil where nobody can say, for the store that was opened last, or a guest's.
    ///   - server: the server's address, which a new store takes note of.
    /// - Throws: `StoreError`
    package static func open(
        root: String, name: String, owner: String?, server: String, environment: StoreEnvironment = .system
    ) async throws(StoreError) -> OpenStore {
        let opened: Result<OpenStore, StoreError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result {
                        let owner = owner ?? StoreLocation.latestOwner(root: root, name: name) ?? ""
                        let location = try StoreLocation.find(root: root, name: name, owner: owner)
                        let database = try StoreDatabase.open(
                            path: location.path, owner: owner, environment: environment)
                        // One that can only be read now takes note when it is synchronised.
                        if database.obstacle == nil, try database.read({ try $0.meta("server") }) == nil {
                            try database.write { try $0.setMeta("server", server) }
                        }
                        location.noteLatest()
                        return OpenStore(StoreCore.shared(over: database, lock: location.lock), at: location)
                    }.mapError { StoreError($0) })
            }
        }
        return try opened.get()
    }

    deinit { leave()?.hold.end {} }

    /// What the handles share.
    ///
    /// - Throws: `StoreError.Reason.closed`
    package var core: StoreCore {
        get throws(StoreError) {
            guard let core = state.withLock({ $0.core }) else { throw StoreError(.closed) }
            return core
        }
    }

    /// The file whose lock says which process syncs the store; nil in memory.
    package var leaderLockPath: String? { location.map { $0.folder + "/leader.lock" } }

    /// Reads over one snapshot.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (StoreSnapshot) throws -> Value
    ) async throws(StoreError) -> Value {
        let core = try core
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            core.reads.run {
                continuation.resume(returning: Result { try core.database.read(body) }.mapError { StoreError($0) })
            }
        }
        return try result.get()
    }

    /// Writes in one durable transaction.
    ///
    /// - Throws: what `body` throws, and then nothing is kept; `StoreError` for what the store itself can't do.
    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Value
    ) async throws -> Value {
        let core = try core
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            core.writes.async { continuation.resume(returning: Result { try core.database.write(body) }) }
        }
        return try result.get()
    }

    /// Does what takes several transactions, among the writes.
    package func work<Value: Sendable>(
        _ body: @escaping @Sendable (StoreDatabase) throws -> Value
    ) async throws(StoreError) -> Value {
        let core = try core
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            core.writes.async {
                continuation.resume(returning: Result { try body(core.database) }.mapError { StoreError($0) })
            }
        }
        return try result.get()
    }

    /// Gives a guest's store to a user.
    ///
    /// - Throws: `StoreError`: `otherOwner` when it is another user's, or the user has a store of this name already.
    package func takeOver(by user: String) async throws(StoreError) {
        try await work { [location] database in
            func takeOver() throws { try database.write { try $0.ownership.takeOver(by: user) } }
            if let location { try location.takeOver(by: user, takeOver) } else { try takeOver() }
        }
    }

    /// Moves a guest's store into the user's that lies beside it.
    ///
    /// - Returns: how many entries were moved.
    /// - Throws: `StoreError`
    package func takeOver(into target: OpenStore, by user: String) async throws(StoreError) -> Int {
        guard let location else { throw StoreError(.unusable("an in-memory store can't be moved")) }
        return try await target.takeOver(location, by: user)
    }

    /// Takes in the store that a guest has left.
    ///
    /// - Returns: how many entries were moved.
    /// - Throws: `StoreError`
    package func takeOver(_ guest: StoreLocation, by user: String) async throws(StoreError) -> Int {
        guard let location else { throw StoreError(.unusable("an in-memory store can't be moved")) }
        return try await work { try guest.move(into: $0, at: location, by: user) }
    }

    /// Does what touches several stores, on no thread of Swift's own.
    ///
    /// - Throws: `StoreError`
    package static func elsewhere<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: Result { try body() }.mapError { StoreError($0) })
            }
        }
        return try result.get()
    }

    /// Removes the damaged databases that openings have set aside beside the store.
    package func removeSetAside() async throws(StoreError) {
        try await work { [location] _ in try location?.removeSetAside() }
    }

    /// Observes a query from now on: the first result comes at once, then one after each change that touched it.
    ///
    /// - Throws: `StoreError` when the store is closed.
    package func observe(_ query: Query, in table: String) throws(StoreError) -> QueryObservation {
        let observer = QueryObserver(query, in: table, of: try core)
        let observation = try add(observer)
        observer.run()
        return QueryObservation(observation, results: observer.results)
    }

    /// Watches for something to happen. What is read from the store afterwards, and the signals, leave no gap.
    ///
    /// - Throws: `StoreError` when the store can't be observed.
    package func watch(_ subject: SignalObserver.Subject) async throws(StoreError) -> SignalObservation {
        let observer = SignalObserver(subject)
        let observation = try add(observer)
        let core = try core
        let begun: Result<Void, StoreError> = await withCheckedContinuation { continuation in
            core.reads.run { [feed = core.feed] in
                continuation.resume(returning: Result { try feed.begin() }.mapError { StoreError($0) })
            }
        }
        try begun.get()
        return SignalObservation(observation, signals: observer.signals)
    }

    /// Ends this handle's observations, waits for what is under way, and gives the handle back; with the last one the
    /// database closes.
    package func close() async {
        guard let (hold, observers) = leave() else { return }
        hold.remove(observers)
        await withCheckedContinuation { continuation in hold.end { continuation.resume() } }
    }

    /// Takes the core out of the handle; nil when it was closed.
    private func leave() -> (hold: LastHold, observers: Set<Int>)? {
        state.withLock { state in
            guard let core = state.core else { return nil }
            defer { state = State() }
            return (LastHold(core), state.observers)
        }
    }

    private func add(_ observer: any FeedObserver) throws(StoreError) -> FeedObservation {
        // Under the lock, so that a close meanwhile either ends this observation or refuses it.
        try state.withLock { state throws(StoreError) -> FeedObservation in
            guard let core = state.core else { throw StoreError(.closed) }
            let number = core.feed.add(observer)
            state.observers.insert(number)
            return FeedObservation { [weak self, feed = core.feed] in
                feed.remove(number)
                self?.forget(number)
            }
        }
    }

    private func forget(_ number: Int) { state.withLock { _ = $0.observers.remove(number) } }
}
