import BkendWire

/// What an update by closure sends: the top-level fields that the closure changed.
enum RecordChanges {
    /// The body that turns a record into what the closure made of it.
    ///
    /// The comparison is between two encodings of the model, not with the record: a default that the record doesn't
    /// hold, or a number that it writes in another way, is no change. A field that became nil is sent as null, since
    /// leaving it out would keep it. A changed object goes out whole, as PATCH replaces it whole, so what the record
    /// has in it beyond the model is put back.
    static func body(record: JSONObject, before: JSONObject, after: JSONObject) -> JSONObject {
        var body = JSONObject()
        for (key, value) in after where !SystemField.contains(key) {
            if let old = before[key], old == value { continue }
            body[key] = merged(record: record[key], before: before[key], after: value)
        }
        for key in before.keys where after[key] == nil && !SystemField.contains(key) { body[key] = .null }
        return body
    }

    private static func merged(record: JSON?, before: JSON?, after: JSON) -> JSON {
        guard case .object(let record)? = record, case .object(let before)? = before, case .object(let after) = after
        else { return after }
        var result = record
        for (key, value) in after {
            if let old = before[key], old == value, record[key] != nil { continue }
            result[key] = merged(record: record[key], before: before[key], after: value)
        }
        for key in before.keys where after[key] == nil { result[key] = nil }
        return .object(result)
    }
}
