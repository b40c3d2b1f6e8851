import BkendWire
import CSQLite
import GRDB

extension Collection {
    /// A page of a query's result and how many documents the whole result has, from one plan: as `find` and `count`
    /// give them. Each document's text is handed to `visit` in place, valid for that call only.
    ///
    /// - Throws: `InvalidPattern`, `PatternLimitExceeded`, `QueryTimedOut`, and what `visit` throws.
    package func page(
        _ query: Query, hiding visibility: FieldVisibility = .all, including: [String] = [], in db: Database,
        visit: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws -> Int {
        let (rows, total) = try Planner(self, try current(in: db), query, hiding: visibility, in: db).page()
        if rows.isEmpty { return total }
        let projection = try Projection(query.select, including: including, hiding: visibility)
        try db.run(table.fetch) { statement in
            for row in rows {
                try statement.rebind(row)
                guard try statement.step() else { continue }
                let bytes = statement.bytes(0)
                guard let projection else {
                    try visit(bytes)
                    continue
                }
                try projection.apply(bytes).bytes.withUnsafeBufferPointer(visit)
            }
        }
        return total
    }
}

extension Planner {
    /// The rows of the query's page and the total. One row more than the page takes is looked for: when there is none,
    /// the page shows the end of the result, and the total is known without counting.
    func page() throws -> (rows: ArraySlice<Int64>, total: Int) {
        let limit = max(0, query.page.limit)
        let skipped = max(0, query.page.skipped)
        let (plan, rows) = try rows(limit: limit.addingReportingOverflow(1))
        if rows.count <= limit, !rows.isEmpty || skipped == 0 { return (rows[...], skipped + rows.count) }
        // A source that needs no second look holds the result and nothing else, so its entries are counted.
        let counted = plan.matcher == nil ? try plan.run(counting: true, in: db) : try run(counting: true)
        return (rows.prefix(limit), counted.count)
    }

    private func rows(limit: (partialValue: Int, overflow: Bool)) throws -> (plan: Plan, rows: [Int64]) {
        let limit = limit.overflow ? -1 : Int64(limit.partialValue)
        let choice = try best(forCounting: false)
        var plan = try plan(choice.access, forCounting: false)
        plan.limit = limit
        if let fallback = choice.fallback, let matcher = plan.matcher {
            matcher.budget = collection.limits.budget
            do { return (plan, try plan.run(counting: false, in: db).rows) } catch is WalkTooLong {
                plan = try self.plan(fallback, forCounting: false)
                plan.limit = limit
            }
        }
        return (plan, try plan.run(counting: false, in: db).rows)
    }
}

extension RunningStatement {
    /// Starts a statement of one value again with another.
    fileprivate func rebind(_ value: Int64) throws {
        sqlite3_reset(handle)
        let code = sqlite3_bind_int64(handle, 1, value)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code), sql: sql) }
    }
}
