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

    /// How many are kept; past it the oldest goes.
    static let limit: Int64 = 1_000
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
        try db.perform("DELETE FROM sync_reports WHERE number <= ?", .int(number - SyncReport.limit))
        touchesOutbox = true
        return number
    }

    /// The app knows.
    package func acknowledge(_ number: Int64) throws {
        try db.perform("DELETE FROM sync_reports WHERE number = ?", .int(number))
        touchesOutbox = true
    }
}
