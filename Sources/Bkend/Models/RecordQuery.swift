public import BkendWire

/// A query for records of a table, and their order; not run yet.
///
/// Where its records are is part of its type: ``RemoteQuery``, ``LocalQuery``, ``TransactionQuery`` and ``TableQuery``
/// are names for it.
public struct RecordQuery<Model: RecordModel, Source>: Queryable {
    /// The table; empty for a value.
    let table: String
    let source: Source
    /// The query without its types.
    package var parts = Query()
    /// The most records of a result on this device; nil for all.
    var limit: Int?
    /// How many records a result on this device skips.
    var offset = 0

    init(table: String, source: Source) {
        self.table = table
        self.source = source
    }

    /// The query itself.
    public var query: RecordQuery { self }

    func changed<Other: RecordModel>(_ change: (inout Query) -> Void) -> RecordQuery<Other, Source> {
        var copy = RecordQuery<Other, Source>(table: table, source: source)
        copy.parts = parts
        copy.limit = limit
        copy.offset = offset
        change(&copy.parts)
        return copy
    }
}

extension RecordQuery: Sendable where Source: Sendable {}

/// A query as a value, independent of any client: for online calls and for the local store; see
/// `Queryable.matching(_:)`.
public typealias TableQuery<Model: RecordModel> = RecordQuery<Model, Nowhere>

/// The source of a query that is a value.
public struct Nowhere: LocalSource, Hashable, Sendable {}

extension RecordQuery where Source == Nowhere {
    /// Every record, by `id` descending.
    public init() { self.init(table: "", source: Nowhere()) }

    /// A query without types.
    package init(_ parts: Query) {
        self.init()
        self.parts = parts
    }
}

extension RecordQuery: Equatable, Hashable, ComparedExactly where Source == Nowhere {
    package var exact: Query { parts }
}
