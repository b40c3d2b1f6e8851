public import BkendSync
import BkendWire

extension LocalStore {
    /// Keeps a query's records on this device. While synchronisation runs, it downloads the server's current records
    /// and then their changes. A subscription survives restarts. Subscribing to the same query again returns the same
    /// subscription.
    ///
    /// ```swift
    /// try await store.subscribe(to: articles.where { $0.isPublished == true })
    /// try await store.subscribe(to: store.table(Note.self), conflicts: .serverWins)
    /// ```
    ///
    /// - Parameters:
    ///   - query: a table, or a filter on it that the REST API can express. The order is ignored. Search, select, limit
    ///     and offset aren't allowed, because a subscription keeps whole records by their values.
    ///   - conflicts: the policy if a record of this subscription was changed on both sides; nil for the policy of the
    ///     options. It applies while this handle is open, so subscribe at every launch, before you start
    ///     synchronisation. If several subscriptions with a policy hold a record, the oldest one decides.
    /// - Throws: `StoreError`; `invalidQuery` for a query that can't be kept.
    @discardableResult
    public func subscribe(
        to query: some LocalQueryable, conflicts: ConflictPolicy? = nil
    ) async throws(StoreError) -> LocalSubscription {
        try await subscribe(to: query, conflicts, files: nil)
    }

    /// Keeps a query's records on this device, and the files that they name in some fields. While synchronisation runs, it
    /// downloads the files after their records, and they stay: they never make room for others.
    ///
    /// ```swift
    /// try await store.subscribe(to: recipes, keepingFiles: \.cover, \.pictures)
    /// let picture = try await store.files.open(recipe.cover)
    /// ```
    ///
    /// A field may hold a file's id, its key or its address, an array of them, or a text with addresses in it, such as
    /// Markdown. Addresses are fetched only from the server and from where it has said that files are. `FileLimits.kept`
    /// limits how much room they take, and `SyncStatus.downloads` shows how many are still to come. A file that the server
    /// refuses isn't asked for again until a record that names it changes.
    ///
    /// Calling this again for the same query changes which fields count. A call without `keepingFiles` leaves them.
    ///
    /// - Parameters:
    ///   - query: as for `subscribe(to:conflicts:)`.
    ///   - conflicts: as for `subscribe(to:conflicts:)`.
    ///   - field: a field that names files.
    ///   - others: further fields.
    /// - Throws: `StoreError`; `invalidQuery` for a query that can't be kept.
    @discardableResult
    public func subscribe<Query: LocalQueryable, First, each Other>(
        to query: Query, conflicts: ConflictPolicy? = nil,
        keepingFiles field: KeyPath<Query.Model.Fields, Field<First>>,
        _ others: repeat KeyPath<Query.Model.Fields, Field<each Other>>
    ) async throws(StoreError) -> LocalSubscription {
        var paths = [Query.Model.fields[keyPath: field].fieldPath]
        for other in repeat each others { paths.append(Query.Model.fields[keyPath: other].fieldPath) }
        return try await subscribe(to: query, conflicts, files: paths)
    }

    /// Keeps a query's records on this device, and the files that they name in fields that are given as names or dotted
    /// paths; see `subscribe(to:conflicts:keepingFiles:_:)`. An empty array keeps no files any more: those that are here
    /// make room when it is needed.
    @discardableResult
    public func subscribe(
        to query: some LocalQueryable, conflicts: ConflictPolicy? = nil, keepingFilesAt paths: [String]
    ) async throws(StoreError) -> LocalSubscription {
        try await subscribe(to: query, conflicts, files: paths)
    }

    private func subscribe(
        to query: some LocalQueryable, _ conflicts: ConflictPolicy?, files: [String]?
    ) async throws(StoreError) -> LocalSubscription {
        let (table, filter) = try Self.kept(query.query)
        let subscription: LocalSubscription
        do {
            subscription = try await open.write { transaction in
                let number = try transaction.subscribing.subscribe(table, to: filter)
                if let files { try transaction.subscribing.keepFiles(at: files, of: number) }
                guard let kept = try transaction.subscriptions.subscription(number) else {
                    throw StoreError(.noSuchSubscription(number), table: table)
                }
                return LocalSubscription(kept)
            }
        } catch {
            throw StoreError(error, table: table)
        }
        await synchroniser?.setPolicy(conflicts, of: subscription.id)
        await synchroniser?.catchUp()
        return subscription
    }

    /// Ends a subscription. Removes its records from this device, except those that another subscription or an outbox
    /// entry holds.
    ///
    /// - Parameters:
    ///   - id: the subscription's id.
    ///   - keepingRecords: whether the records stay, in the last version from the server, until they are evicted.
    /// - Throws: `StoreError`; `noSuchSubscription` for one that has ended.
    public func unsubscribe(
        _ id: LocalSubscription.ID, keepingRecords: Bool = false
    ) async throws(StoreError) {
        do {
            try await open.write { try $0.subscribing.unsubscribe(id, keepingRecords: keepingRecords) }
        } catch {
            throw StoreError(error)
        }
        await synchroniser?.setPolicy(nil, of: id)
        await synchroniser?.catchUp()
    }

    /// The subscriptions of this device, in the order in which they were made.
    ///
    /// - Throws: `StoreError`
    public func subscriptions() async throws(StoreError) -> [LocalSubscription] {
        try await open.read { try $0.subscriptions.all().map { LocalSubscription($0) } }
    }

    /// Confirms that most records of a subscription may be removed, as a `massRemoval` report asks; see
    /// `SyncOptions.massRemoval`.
    ///
    /// - Throws: `StoreError`; `noSuchSubscription` for one that has ended.
    public func confirmMassRemoval(of id: LocalSubscription.ID) async throws(StoreError) {
        do {
            try await open.write { try $0.subscribing.confirmMassRemoval(of: id) }
        } catch {
            throw StoreError(error)
        }
        await synchroniser?.noteSubscriptions()
    }

    /// The table and filter that a query keeps.
    private static func kept(
        _ query: LocalQuery<some RecordModel>
    ) throws(StoreError) -> (table: String, filter: RESTFilter) {
        let wanted = query.parts
        try LocalQueryRules.check(wanted, table: query.table)
        guard wanted.search == nil, wanted.select == nil, query.limit == nil, query.offset == 0 else {
            let flaw = "a subscription keeps whole records by a filter; remove search, select, limit and offset"
            throw StoreError(.invalidQuery(flaw), table: query.table)
        }
        let filter: RESTFilter
        do throws(FilterNotExpressible) {
            filter = try wanted.filter.rest()
        } catch {
            throw StoreError(.invalidQuery("subscriptions run on the server: \(error)"), table: query.table)
        }
        // What a server refuses for good is better known here than from a subscription that stays paused.
        do throws(QueryError) {
            try filter.check()
        } catch {
            let flaw = "it exceeds the server's limits: \(error); shorten the filter, or create several subscriptions"
            throw StoreError(.invalidQuery(flaw), table: query.table)
        }
        return (query.table, filter)
    }
}
