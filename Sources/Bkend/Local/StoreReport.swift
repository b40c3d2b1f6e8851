import BkendSync
public import BkendWire

/// A decision or an event of synchronisation that the app should know about. A report is kept, even after a crash,
/// until the app acknowledges it.
public struct StoreReport: Identifiable, Sendable {
    /// The report's number. Later reports have greater numbers.
    public var id: Int64
    /// The kind of report, for example `conflict`. More kinds may be added.
    public var kind: String
    /// The table.
    public var table: String
    /// The record's id now.
    public var record: String
    /// The details, depending on the kind.
    public var detail: JSONObject

    init(_ report: SyncReport) {
        id = report.number
        kind = report.kind
        table = report.table
        record = report.record
        detail = report.detail
    }
}
