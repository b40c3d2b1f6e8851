import BkendDocuments
import BkendWire
import GRDB

/// Something that the app must be told, kept until it says that it knows: a conflict, a race, a twin. It is written in
/// the transaction that caused it, so that no crash can lose it.
package struct SyncReport: Hashable, Sendable {
    /// Its number.
    package var number: Int64
    /// What it is about; the engine's word.
    package var kind: String
    /// The table.
    package var table: String
    /// The record's id now.
    package var record: String
    /// What the engine has to say.
    package var detail: JSONObject

    package static func == (a: SyncReport, b: SyncReport) -> Bool {
        a.number == b.number && a.kind == b.kind && a.detail == b.detail
            && RecordKey(a.table, a.record) == RecordKey(b.table, b.record)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(number) }

    /// How many are kept; past it the oldest goes, and a report of the kind `dropped` says how many went.
    static let limit = 1_000
    /// The kind of the report, the oldest of all, whose detail has the `count` of reports that were dropped.
    static let dropped = "reportsDropped"
}

extension StoreSnapshot {
    /// The reports that the app has not acknowledged, oldest first.
    package func reports(after number: Int64 = 0) throws -> [SyncReport] {
        try db.all(
            "SELECT number, kind, collection, record, detail FROM sync_reports WHERE number > ? ORDER BY number",
            .int(number)
        ) { row in
            SyncReport(
                number: row.int(0), kind: row.text(1), table: row.text(2), record: row.text(3),
                detail: try row.object(4))
        }
    }
}

extension StoreTransaction {
    /// Keeps a report; its number.
    @discardableResult
    package func report(_ kind: String, _ table: String, _ record: String, detail: JSONObject = [:]) throws -> Int64 {
        try db.perform(
            "INSERT INTO sync_reports (kind, collection, record, detail) VALUES (?, ?, ?, ?)", .text(kind),
            .text(table), .text(try resolve(record)), .utf8(ReportDetail.fitting(detail).serialized()))
        let number = db.lastInsertedRowID
        try dropOldest()
        touchesOutbox = true
        return number
    }

    /// Puts one report in the place of those past the limit. It gets a new number whenever more go: the app may have
    /// acknowledged, or be about to, the count that it was told before.
    private func dropOldest() throws {
        let latest = try db.number(
            "SELECT number FROM sync_reports WHERE kind <> ? ORDER BY number DESC LIMIT 1 OFFSET ?",
            .text(SyncReport.dropped), .int(SyncReport.limit))
        if latest == 0 { return }
        let old = try reports().filter { $0.number <= latest || $0.kind.hasSameBytes(as: SyncReport.dropped) }
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
        touchesOutbox = true
    }
}
