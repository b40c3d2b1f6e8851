import BkendWire
import GRDB

@testable import BkendDocuments

/// Runs a test over a collection in memory that holds these documents.
@discardableResult
func withCollection<Result>(
    _ documents: [JSONObject] = [], indexes: [IndexDefinition] = [],
    _ body: (inout BkendDocuments.Collection, Database) throws -> Result
) throws -> Result {
    try DocumentStorage.inMemory().write { db in
        var collection = try BkendDocuments.Collection.create("things", in: db)
        for index in indexes { try collection.createIndex(index, in: db) }
        for document in documents { try collection.insert(document, in: db) }
        return try body(&collection, db)
    }
}

extension BkendDocuments.Collection {
    /// The ids that a query finds, in its order.
    func ids(_ query: Query, hiding visibility: FieldVisibility = .all, in db: Database) throws -> [String] {
        try find(query, hiding: visibility, in: db).map { try $0.json["id"]?.stringValue ?? "?" }
    }

    /// The ids that a filter matches, ascending.
    func ids(_ filter: Filter, hiding visibility: FieldVisibility = .all, in db: Database) throws -> [String] {
        try ids(Query(filter: filter, sort: [.init("id")], page: .init(1, limit: .max)), hiding: visibility, in: db)
    }
}

/// A filter of one condition.
func field(_ path: String, _ operators: FilterOperator...) -> Filter { .condition(Condition(path, operators)) }
