import BkendSync
public import BkendWire

/// Something that synchronisation has decided or met and the app should know of. It is kept, over crashes too, until the
/// app acknowledges it.
public struct StoreReport: Identifiable, Sendable {
    /// Its number; later reports have greater ones.
    public var id: Int64
    /// What it is about: `conflict`, for example. More kinds may come.
    public var kind: String
    /// The table.
    public var table: String
    /// The record's id now.
    public var record: String
    /// What there is to say, by kind.
    public var detail: JSONObject

    init(_ report: SyncReport) {
        id = report.number
        kind = report.kind
        table = report.table
        record = report.record
        detail = report.detail
    }
}
