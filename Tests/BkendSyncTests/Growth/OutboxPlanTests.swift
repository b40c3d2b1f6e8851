import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

/// Every statement that runs while an app writes: none looks at more rows the longer the outbox or the table is, but for
/// the entries that are blocked.
@Suite(.timeLimit(.minutes(10))) struct OutboxPlanTests {
    /// Tables that don't grow with what is written: a row a table and state, a row a subscription, at most 1,000 reports
    /// and 128 indexes; `held`, which begins with the stuck entries and ends with those that wait for them; and the index
    /// that has files in the order in which they make room, of which the first ones are read.
    private static let small = [
        "sync_counts", "sync_subscriptions", "sync_reports", "sync_indexes", "sqlite_", "bkend_", "held",
        "sync_files USING INDEX sync_files_cached",
    ]

    private static let refused = EntryFailure(code: "data/validation-error", message: "no")

    /// What a statement would look through from end to end.
    private static func scans(of sql: String, _ db: Database) throws -> [String] {
        let isAsked = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains { sql.hasPrefix($0) }
        // Whether there is any row at all is told by the first one.
        let isFirstRow = sql.hasPrefix("SELECT 1 FROM ") && sql.hasSuffix(" LIMIT 1") && !sql.contains("WHERE")
        guard isAsked, !isFirstRow else { return [] }
        let plan = try db.all("EXPLAIN QUERY PLAN " + sql) { $0.text(3) }
        return plan.filter { step in step.hasPrefix("SCAN ") && !small.contains { step.hasPrefix("SCAN " + $0) } }
    }

    @Test("No statement on the way of a write reads a table from end to end")
    func writes() async throws {
        try await ObservedStore.run { store in
            let database = try store.open.core.database
            let machine = EngineMachine(
                store: database, configuration: SyncConfiguration(server: "test"), random: SyncRandom(seed: 1))
            func tell(_ event: EngineEvent) {
                var open = machine.handle(event, at: .zero)
                while let effect = open.popLast() {
                    guard case .send(let id, _) = effect else { continue }
                    open += machine.handle(.answered(id, .notSent(SyncFailure(.unreachable))), at: .zero)
                }
            }
            tell(.sessionChanged(user: "ann"))
            tell(.start)
            _ = try database.write { try $0.subscribing.subscribe("notes") }
            let query = Query(sort: [Query.Sort("title")], page: Query.Page(offset: 0, limit: .max))
            let observation = try store.open.observe(query, in: "notes")
            let list = try database.write { tx in
                let id = try tx.writes.create("notes", ["title": "List"])
                return try #require(tx.outbox.entries(of: "notes", id).first)
            }
            var result = await observation.next()
            while let shown = result, shown.rows.isEmpty { result = await observation.next() }

            // From here on; the last time with an entry that is stuck, and others that wait for it.
            let trace = StatementTrace(store.path)
            for number in 0..<4 {
                if number == 3 {
                    try await store.open.write { try $0.sending.fail(list.sequence, because: Self.refused) }
                }
                let id = try await store.open.write {
                    try $0.writes.create("notes", ["title": .string("Note \(number)"), "list": .string(list.record)])
                }
                _ = try await store.open.read { try $0.documents.document("notes", id) }
                _ = try await store.open.write { try $0.writes.update("notes", id, set: ["title": "Other"]) }
                if number == 0 { try await store.open.write { try $0.writes.delete("notes", id) } }
                tell(.localWrite)
                _ = try await store.open.read { snapshot in
                    (
                        try snapshot.outbox.entryCounts(),
                        try snapshot.outbox.inNumbers(reports: snapshot.reports.count()), try snapshot.engineNews()
                    )
                }
                // The create of the second note.
                let (waiting, toSend) = try await store.open.read {
                    try ($0.outbox.entry(4), $0.queue.tablesWithEntriesToSend())
                }
                #expect((waiting?.state == .blocked) == (number == 3))
                #expect(toSend.isEmpty == (number == 3))
            }
            for state in OutboxEntry.State.allCases where state != .queued {
                _ = try await store.open.read { try $0.outbox.entries(state: state) }
                _ = try await store.open.read { try $0.outbox.entries(table: "notes", state: state) }
            }
            #expect(trace.runs(of: ["WITH RECURSIVE held"]) > 3)
            while let shown = result, shown.rows.count != 4 { result = await observation.next() }

            let statements = trace.statements
            #expect(statements.count > 30)
            let scans = try await store.open.read { snapshot in
                try statements.flatMap { sql in try Self.scans(of: sql, snapshot.db).map { "\($0) in \(sql)" } }
            }
            #expect(scans.isEmpty, "\(scans.joined(separator: "\n"))")
            observation.observation.end()
        }
    }

    @Test("No statement on the way of a file's attaching, opening and making room reads a table from end to end")
    func files() async throws {
        try await ObservedStore.run { store in
            let database = try store.open.core.database
            var trace = StatementTrace(store.path)
            for number in 0..<4 {
                // The first file makes the table of files and its index.
                if number == 1 { trace = StatementTrace(store.path) }
                let fields: JSONObject = ["originalName": "a.png", "visibility": "private"]
                let file = try database.attach(.data(Data("photo \(number)".utf8)), fields)
                _ = try database.openFile(file.record)
                if number == 2 { try database.replaceBytes(of: file.record, with: .data(Data("other".utf8))) }
                let isAdopted = try await store.open.write { tx in
                    guard let entry = try tx.outbox.entries(of: FileTable.name, file.record).first else { return false }
                    var row = entry.fields
                    row["id"] = .string("f\(number)")
                    row["s3Key"] = .string("k\(number)")
                    return try tx.adopting.adopt(entry.sequence, row: row.serialized())
                }
                #expect(isAdopted)
                _ = try database.openFile("f\(number)")
            }
            database.fileLimits.cached = 10
            try database.evictFiles()

            let statements = trace.statements
            #expect(try database.read { try $0.files.all().map(\.record) } == ["f3"])
            #expect(statements.count > 20)
            // Temporary tables of one transaction aren't there any more.
            let scans = try database.read { snapshot in
                try statements.filter { !$0.contains("temp.bkend_") }.flatMap { sql in
                    try Self.scans(of: sql, snapshot.db).map { "\($0) in \(sql)" }
                }
            }
            #expect(scans.isEmpty, "\(scans.joined(separator: "\n"))")
        }
    }
}
