import BkendSync
import BkendWire

/// An index over a table's records on this device.
public struct LocalIndex: Hashable, Sendable {
    /// How far an index has come.
    public enum State: Hashable, Sendable {
        /// Queries use it.
        case ready
        /// It is being filled; until then queries read every record.
        case building
        /// It can't be kept: why. The records are all there; queries read every one.
        case refused(String)
    }

    /// Its fields' names or dotted paths, the most significant first.
    public var fields: [String]
    /// Whether the app has asked for it, with `index(by:)`.
    public var isAsked: Bool
    /// Whether the server has such an index: then it is here too, as long as the server has it.
    public var isSpecified: Bool
    /// How far it has come.
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
    /// Keeps an index by one field, or by several, the most significant first: queries by them read only what they find,
    /// however many records there are.
    ///
    /// ```swift
    /// try await store.table(Article.self).index(by: \.author, \.createdAt)
    /// // Served by it: one author's newest twenty.
    /// let newest = articles.where { $0.author == ann }.order(by: \.createdAt, .descending).limit(20)
    /// ```
    ///
    /// Call it each time after the store was opened: an index that is there already costs nothing. Where there are
    /// records, they are put into it a few thousand at a time, with other writes between, and the call returns when it is
    /// whole. It stays when the store is closed, until `dropIndex(by:)`.
    ///
    /// Every index makes each write a little slower, and takes space. Every table has one by `id`, `createdAt`,
    /// `updatedAt` and `createdBy`; those of the server's table come by themselves once synchronisation has read its
    /// spec. No value is ever refused because of an index, and none is unique here: that is the server's business.
    ///
    /// - Throws: `StoreError`: `invalidIndex`, `tooManyIndexes` past 16 for a table or 128 for the store, `cancelled` with
    ///   the task; what was filled until then stays.
    public func index<First, each Rest>(
        by first: KeyPath<Model.Fields, Field<First>>, _ rest: repeat KeyPath<Model.Fields, Field<each Rest>>
    ) async throws(StoreError) {
        try await index(byPaths: Self.paths(first, repeat each rest))
    }

    /// Keeps an index by fields given as names or dotted paths; see `index(by:_:)`.
    public func index(byPaths fields: [String]) async throws(StoreError) {
        let name = name
        let wanted = fields.map { IndexDefinition.Field($0) }
        do {
            try await store.open.write { try $0.keepIndex(wanted, of: name) }
        } catch {
            throw StoreError(error, table: name)
        }
        try await store.open.fillIndexes()
        let kept = try await store.open.read { try $0.index(wanted, of: name) }
        if case .refused(let flaw) = kept?.state { throw StoreError(.invalidIndex(flaw), table: name) }
    }

    /// Keeps an index no longer by the app's word; where the server has it, it stays. Nothing happens where there is none.
    ///
    /// - Throws: `StoreError`
    public func dropIndex<First, each Rest>(
        by first: KeyPath<Model.Fields, Field<First>>, _ rest: repeat KeyPath<Model.Fields, Field<each Rest>>
    ) async throws(StoreError) {
        try await dropIndex(byPaths: Self.paths(first, repeat each rest))
    }

    /// Keeps an index no longer, its fields given as names or dotted paths; see `dropIndex(by:_:)`.
    public func dropIndex(byPaths fields: [String]) async throws(StoreError) {
        let name = name
        let dropped = fields.map { IndexDefinition.Field($0) }
        do {
            _ = try await store.open.write { try $0.dropIndex(dropped, of: name) }
        } catch {
            throw StoreError(error, table: name)
        }
    }

    private static func paths<First, each Rest>(
        _ first: KeyPath<Model.Fields, Field<First>>, _ rest: repeat KeyPath<Model.Fields, Field<each Rest>>
    ) -> [String] {
        var paths = [Model.fields[keyPath: first].fieldPath]
        repeat paths.append(Model.fields[keyPath: each rest].fieldPath)
        return paths
    }

    /// The table's indexes, besides those that every table has.
    ///
    /// - Throws: `StoreError`
    public func indexes() async throws(StoreError) -> [LocalIndex] {
        let name = name
        return try await store.open.read { try $0.indexes(of: name).map { LocalIndex($0) } }
    }
}
