import BkendSync
import BkendWire

/// An index over a table's records on this device.
public struct LocalIndex: Hashable, Sendable {
    /// The state of an index.
    public enum State: Hashable, Sendable {
        /// Queries use it.
        case ready
        /// The index is being filled. Until it is ready, queries read every record.
        case building
        /// The index can't be kept, for the given reason. All records are there; queries read every record.
        case refused(String)
    }

    /// The names or dotted paths of the index's fields, most significant first.
    public var fields: [String]
    /// Whether the app requested the index with `index(by:)`.
    public var isAsked: Bool
    /// Whether the server has this index. If so, the index exists here as long as it exists on the server, unless one that
    /// the app requested took its place.
    public var isSpecified: Bool
    /// The index's state.
    public var state: State

    init(_ index: StoreIndex) {
        fields = index.fields.map(\.path)
        isAsked = index.isAsked
        isSpecified = index.isSpecified
        state =
            switch index.state {
            case .ready: .ready
            case .building: .building
            case .refused(let flaw): .refused(flaw)
            }
    }
}

extension LocalTable {
    /// Keeps an index on one or several fields, most significant first. Queries on these fields read only the records
    /// that they find, however many records the table has.
    ///
    /// ```swift
    /// try await articles.index(by: \.slug, \.createdAt)
    /// let newest = articles.where { $0.slug == "news" }.order(by: \.createdAt, .descending).limit(20)
    /// ```
    ///
    /// Call it each time you open the store; an existing index costs nothing. Existing records are added to the index a
    /// few thousand at a time, with other writes in between, and the call returns when the index is complete. The index
    /// remains when the store is closed, until `dropIndex(by:)`.
    ///
    /// Every index makes each write a little slower and takes space. Every table has an index on `id`, `createdAt`,
    /// `updatedAt` and `createdBy`. The server's indexes are added automatically once synchronisation has read the
    /// table's spec. A local index never rejects a value, and isn't unique; the server enforces uniqueness.
    ///
    /// If there is no room, the index takes the place of one that only the server has.
    ///
    /// - Throws: `StoreError`: `invalidIndex`, `tooManyIndexes` if the app has requested 16 for the table or 128 for the
    ///   store, `cancelled` if the task is cancelled; the part filled until then stays.
    public func index<First, each Rest>(
        by first: KeyPath<Model.Fields, Field<First>>, _ rest: repeat KeyPath<Model.Fields, Field<each Rest>>
    ) async throws(StoreError) {
        try await index(byPaths: Self.paths(first, repeat each rest))
    }

    /// Keeps an index on fields given as names or dotted paths; see `index(by:_:)`.
    package func index(byPaths fields: [String]) async throws(StoreError) {
        let name = name
        let wanted = fields.map { IndexDefinition.Field($0) }
        do {
            try await store.open.write { try $0.indexes.keep(wanted, of: name) }
        } catch {
            throw StoreError(error, table: name)
        }
        try await store.open.fillIndexes()
        let kept = try await store.open.read { try $0.indexes.index(wanted, of: name) }
        if case .refused(let flaw) = kept?.state { throw StoreError(.invalidIndex(flaw), table: name) }
    }

    /// Drops an index that the app requested. The index stays if the server has it. Does nothing if there is no such
    /// index. For a field that the model no longer has, use the table without a model:
    /// `store.table("articles").dropIndex(by: \.["old"])`.
    ///
    /// - Throws: `StoreError`
    public func dropIndex<First, each Rest>(
        by first: KeyPath<Model.Fields, Field<First>>, _ rest: repeat KeyPath<Model.Fields, Field<each Rest>>
    ) async throws(StoreError) {
        try await dropIndex(byPaths: Self.paths(first, repeat each rest))
    }

    /// Drops an index on fields given as names or dotted paths; see `dropIndex(by:_:)`.
    package func dropIndex(byPaths fields: [String]) async throws(StoreError) {
        let name = name
        let dropped = fields.map { IndexDefinition.Field($0) }
        do {
            _ = try await store.open.write { try $0.indexes.drop(dropped, of: name) }
        } catch {
            throw StoreError(error, table: name)
        }
    }

    static func paths<First, each Rest>(
        _ first: KeyPath<Model.Fields, Field<First>>, _ rest: repeat KeyPath<Model.Fields, Field<each Rest>>
    ) -> [String] {
        var paths = [Model.fields[keyPath: first].fieldPath]
        repeat paths.append(Model.fields[keyPath: each rest].fieldPath)
        return paths
    }

    /// The table's indexes, except those that every table has.
    ///
    /// - Throws: `StoreError`
    public func indexes() async throws(StoreError) -> [LocalIndex] {
        let name = name
        return try await store.open.read { try $0.indexes.all(of: name).map { LocalIndex($0) } }
    }
}
