import BkendDocuments
import BkendWire
import GRDB

/// What the app must be told (`sync_reports`).
package struct ReportPart<Store: StoreView>: StorePart {
    let store: Store

    /// The reports that the app has not acknowledged, oldest first.
    package func all(after number: Int64 = 0) throws -> [SyncReport] {
        try db.all(
            "SELECT number, kind, collection, record, detail FROM sync_reports WHERE number > ? ORDER BY number",
            .int(number)
        ) { row in
            SyncReport(
                number: row.int(0), kind: row.text(1), table: row.text(2), record: row.text(3),
                detail: try row.object(4))
        }
    }

    /// How many reports the app has not acknowledged.
    package func count() throws -> Int { Int(try db.number("SELECT count(*) FROM sync_reports")) }
}

extension ReportPart where Store == StoreTransaction {
    /// Keeps a report; its number.
    @discardableResult
    package func add(_ kind: String, _ table: String, _ record: String, detail: JSONObject = [:]) throws -> Int64 {
        try db.perform(
            "INSERT INTO sync_reports (kind, collection, record, detail) VALUES (?, ?, ?, ?)", .text(kind),
            .text(table), .text(try store.aliases.resolve(record)), .utf8(ReportDetail.fitting(detail).serialized()))
        let number = db.lastInsertedRowID
        try dropOldest()
        store.touchesOutbox = true
        return number
    }

    /// Puts one report in the place of those past the limit. It gets a new number whenever more go: the app may have
    /// acknowledged, or be about to, the count that it was told before.
    private func dropOldest() throws {
        let latest = try db.number(
            "SELECT number FROM sync_reports WHERE kind <> ? ORDER BY number DESC LIMIT 1 OFFSET ?",
            .text(SyncReport.dropped), .int(SyncReport.limit))
        if latest == 0 { return }
        let old = try all().filter { $0.number <= latest || $0.kind.hasSameBytes(as: SyncReport.dropped) }
        let count = old.reduce(0 as Int64) { sum, report in
            sum + (report.kind.hasSameBytes(as: SyncReport.dropped) ? report.detail["count"]?.intValue ?? 0 : 1)
        }
        for report in old { try db.perform("DELETE FROM sync_reports WHERE number = ?", .int(report.number)) }
        let detail: JSONObject = ["count": .int(count)]
        try db.perform(
            "INSERT INTO sync_reports (number, kind, collection, record, detail) VALUES (?, ?, '', '', ?)",
            .int(latest), .text(SyncReport.dropped), .utf8(detail.serialized()))
    }

    /// The app knows.
    package func acknowledge(_ number: Int64) throws {
        try db.perform("DELETE FROM sync_reports WHERE number = ?", .int(number))
        store.touchesOutbox = true
    }

    /// The reports on a record are another record's from now on.
    func move(from old: RecordKey, to new: RecordKey) throws {
        try db.perform(
            "UPDATE sync_reports SET record = ? WHERE collection = ? AND record = ?", .text(new.id), .text(old.table),
            .text(old.id))
    }
}

extension StoreView {
    /// What the app must be told.
    package var reports: ReportPart<Self> { ReportPart(store: self) }
}
