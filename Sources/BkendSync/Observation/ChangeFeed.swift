import BkendDocuments
import BkendWire
import Dispatch
import Synchronization

/// Tells a store's observers what has changed: one look into the change log after each commit, of this process or
/// another, for all of them.
///
/// Nothing is lost between looks: a wake-up during one causes another. Without observers nothing is read or watched.
package final class ChangeFeed: Sendable {
    /// Where the lock lies that writers in other processes close.
    package struct Lock: Sendable {
        var folder: String
        var name: String

        /// The lock of that name in that folder.
        package init(folder: String, name: String) {
            self.folder = folder
            self.name = name
        }
    }

    private struct State {
        var observers: [Int: any FeedObserver] = [:]
        var last = 0
        /// The newest row of the log that was read; nil while nobody observes.
        var position: Int64?
        var listener: Int?
        var foreign: (any ForeignCommits)?
    }

    private let database: StoreDatabase
    private let lock: Lock?
    private let foreign: ForeignWatching
    let queue = DispatchQueue(label: "bkend.store.feed")
    private let isDue = Atomic(false)
    private let state = Mutex(State())
    /// Called in each look between the listing of the observers and the reading, so that tests can come in between.
    private let whenListed: @Sendable () -> Void

    /// How many changes are read, with their documents, in one look.
    private static let batchLimit = 512

    init(
        _ database: StoreDatabase, lock: Lock?, foreign: ForeignWatching = .system,
        whenListed: @escaping @Sendable () -> Void = {}
    ) {
        self.database = database
        self.lock = lock
        self.foreign = foreign
        self.whenListed = whenListed
    }

    // MARK: Observers

    /// Adds an observer. What it reads from the store after `begin`, and the batches it gets, leave no gap.
    func add(_ observer: any FeedObserver) -> Int {
        state.withLock { state in
            if state.listener == nil {
                if let lock { state.foreign = foreign.begin(lock) { [weak self] in self?.wake() } }
                state.listener = database.commits.add { [weak self] in self?.wake() }
            }
            state.last += 1
            state.observers[state.last] = observer
            return state.last
        }
    }

    /// Removes an observer; with the last one the feed sleeps.
    func remove(_ number: Int) {
        let observer = state.withLock { state in
            let observer = state.observers.removeValue(forKey: number)
            if state.observers.isEmpty { rest(&state) }
            return observer
        }
        observer?.finish()
    }

    /// How many observers there are.
    package var observerCount: Int { state.withLock { $0.observers.count } }

    deinit { state.withLock { rest(&$0) } }

    private func rest(_ state: inout State) {
        if let listener = state.listener { database.commits.remove(listener) }
        state.foreign?.stop()
        state.listener = nil
        state.foreign = nil
        state.position = nil
    }

    /// Begins at the newest row of the log, unless the feed runs already. An observer reads its first result afterwards.
    func begin() throws {
        if state.withLock({ $0.position != nil }) { return }
        let latest = try database.read { try $0.changes.latest }
        state.withLock { state in
            if state.position == nil && !state.observers.isEmpty { state.position = latest }
        }
    }

    // MARK: Looking

    /// Looks soon. Of many calls before that look, one counts.
    package func wake() {
        if isDue.exchange(true, ordering: .acquiringAndReleasing) { return }
        queue.async { [weak self] in self?.look() }
    }

    private func look() {
        // Before reading: a commit that this look doesn't see causes another one.
        isDue.store(false, ordering: .sequentiallyConsistent)
        var hasMore = true
        while hasMore {
            let (position, last, observers) = state.withLock { state in
                (state.position, state.last, state.observers.sorted { $0.key < $1.key }.map(\.value))
            }
            if observers.isEmpty { return }
            whenListed()
            let batch: FeedBatch
            do {
                (batch, hasMore) = try database.read { try read($0, after: position, for: observers) }
            } catch {
                // Each observer reads for itself then, and finds out what is wrong. Up to where is not known, so what
                // an observer is reading now doesn't count.
                for observer in observers { observer.receive(.unknown(upTo: .max)) }
                return
            }
            let newcomers = state.withLock { state -> [any FeedObserver] in
                guard state.position == position else { return [] }
                state.position = batch.position
                return state.observers.filter { $0.key > last }.sorted { $0.key < $1.key }.map(\.value)
            }
            for observer in observers { observer.receive(batch) }
            // Who came after the listing may have read the store before the commits that this look has passed.
            for observer in newcomers { observer.receive(.unknown(upTo: batch.position)) }
        }
    }

    private func read(
        _ snapshot: StoreSnapshot, after position: Int64?, for observers: [any FeedObserver]
    ) throws -> (FeedBatch, hasMore: Bool) {
        // A commit came before the first observer had begun.
        guard let position else { return (FeedBatch(changes: nil, position: try snapshot.changes.latest), false) }
        let tables = Set(observers.compactMap { $0.documentTable.map(ExactString.init) })
        var batch: FeedBatch
        var hasMore = false
        // The sync engine waits for the outbox alone; while it pulls, rows by the thousand are no news to it.
        let isAsked = observers.contains(where: \.watchesChanges)
        switch isAsked ? try snapshot.changes.rows(after: position, limit: Self.batchLimit) : nil {
        case nil: batch = FeedBatch(changes: [], position: try snapshot.changes.latest)
        case .fellBehind(let latest): batch = FeedBatch(changes: nil, position: latest)
        case .rows(let rows):
            hasMore = rows.count == Self.batchLimit
            batch = FeedBatch(changes: [], position: rows.last?.sequence ?? position)
            batch.isWhole = !hasMore
            var records: [RecordKey: Record] = [:]
            for row in rows {
                guard tables.contains(ExactString(row.table)) else {
                    batch.changes?.append(ObservedChange(row))
                    continue
                }
                let key = RecordKey(row.table, row.record)
                let record = try records[key] ?? Record(row, in: snapshot)
                records[key] = record
                batch.changes?.append(
                    ObservedChange(
                        row, document: row.kind == .document ? record.document : nil, state: record.state,
                        localID: record.localID))
            }
        }
        for table in tables { batch.completeness[table] = try snapshot.subscriptions.completeness(of: table.string) }
        if observers.contains(where: \.watchesOutbox) { batch.outboxVersion = try snapshot.outboxVersion }
        return (batch, hasMore)
    }

    /// What a snapshot says of a changed record.
    private struct Record {
        let document: DocumentText?
        let state: SyncState
        let localID: String

        init(_ row: StoreChange, in snapshot: StoreSnapshot) throws {
            let id = try snapshot.aliases.resolve(row.record)
            document = try snapshot.documents.document(row.table, id)
            state = try snapshot.outbox.state(of: RecordKey(row.table, id))
            localID = try snapshot.aliases.firstIDs(row.table, [id])[0]
        }
    }
}
