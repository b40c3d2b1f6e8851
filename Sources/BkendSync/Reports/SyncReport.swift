import BkendWire

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

/// What a report quotes of records. A record may be as deep as a text can be, and stands one level deeper in a detail.
enum ReportDetail {
    /// The name under which a detail says what it lacks.
    static let leftOut = "leftOut"

    /// The detail without the values that are nested too deep to be read again; it names them: `theirs/field`, or
    /// `mine`.
    static func fitting(_ detail: JSONObject) -> JSONObject {
        guard JSON.object(detail).nests(deeperThan: JSONLimits().depth) else { return detail }
        var (fitting, missing) = (JSONObject(), [JSON]())
        for (name, value) in detail {
            if !value.nests(deeperThan: JSON.deepestField) {
                fitting[name] = value
                continue
            }
            guard case .object(let fields) = value else {
                missing.append(.string(name))
                continue
            }
            let isDeep = { (value: JSON) in value.nests(deeperThan: JSON.deepestField - 1) }
            fitting[name] = .object(fields.filtered { !isDeep($1) })
            for (field, value) in fields where isDeep(value) { missing.append(.string("\(name)/\(field)")) }
        }
        fitting[leftOut] = .array(missing)
        return fitting
    }
}
