import BkendWire
import GRDB

extension Collection {
    /// The document of that id, nil when there is none.
    package func document(id: String, in db: Database) throws -> DocumentText? {
        try db.run(table.document) { statement in
            try statement.bind(id)
            return try statement.step() ? DocumentText(statement.bytes(0)) : nil
        }
    }

    /// Whether there is a document with an id from one to another, both included, by their bytes.
    package func hasDocument(from first: String, through last: String, in db: Database) throws -> Bool {
        try db.run(table.range) { statement in
            try statement.bind(first)
            try statement.bind(last)
            return try statement.step()
        }
    }

    /// The documents of these ids, in their order; ids without a document are passed over.
    package func documents(ids: [String], in db: Database) throws -> [DocumentText] {
        try ids.compactMap { try document(id: $0, in: db) }
    }

    /// The documents that a query asks for: filtered, searched, sorted, the part that `page` names.
    ///
    /// `select` (top-level or dotted) is applied when the query has one; `including` names the fields that come along
    /// anyway. What `hiding` names counts as missing throughout and is left out of the result.
    ///
    /// - Throws: `InvalidPattern`, `PatternLimitExceeded`, `QueryTimedOut` (see `Database.withDeadline`).
    package func find(
        _ query: Query, hiding visibility: FieldVisibility = .all, including: [String] = [], in db: Database
    ) throws -> [DocumentText] {
        let rows = try rows(query, hiding: visibility, in: db)
        let projection = try Projection(query.select, including: including, hiding: visibility)
        var documents: [DocumentText] = []
        documents.reserveCapacity(rows.count)
        for row in rows {
            try db.run(table.fetch) { statement in
                try statement.bind(row)
                guard try statement.step() else { return }
                let bytes = statement.bytes(0)
                documents.append(try projection?.apply(bytes) ?? DocumentText(bytes))
            }
        }
        return documents
    }

    /// How many documents match; none is read that an index can answer for.
    ///
    /// - Throws: `InvalidPattern`, `PatternLimitExceeded`, `QueryTimedOut`.
    package func count(
        _ filter: Filter = .all, search: Query.Search? = nil, hiding visibility: FieldVisibility = .all,
        in db: Database
    ) throws -> Int {
        let query = Query(filter: filter, search: search)
        return try Planner(self, try current(in: db), query, hiding: visibility, in: db).run(counting: true).count
    }

    /// How a query would run.
    package func explain(
        _ query: Query, hiding visibility: FieldVisibility = .all, in db: Database
    ) throws -> QueryPlan {
        try Planner(self, try current(in: db), query, hiding: visibility, in: db).plan().summary
    }

    private func rows(_ query: Query, hiding visibility: FieldVisibility, in db: Database) throws -> [Int64] {
        try Planner(self, try current(in: db), query, hiding: visibility, in: db).run(counting: false).rows
    }
}
