import BkendWire

/// Brings a record that comes from elsewhere into the form in which the server stores it (rest-api.md §3, §6): its system
/// fields are kept, its members keep their order, its values are validated and normalised as those of a new record.
struct RecordIntake {
    let schema: FieldSchema
    /// Whether absent fields take their defaults.
    var fillsDefaults = false
    let now: Timestamp

    /// Why a record can't be taken.
    struct Refusal: Error {
        let details: [ErrorBody.Detail]

        /// What a record breaks; how many failures aren't listed stands in the last line.
        init(_ failures: ValidationFailures) {
            let more = "and \(failures.omitted) more failures"
            details =
                failures.details
                + (failures.omitted > 0 ? [ErrorBody.Detail(field: "body", rule: "omitted", message: more)] : [])
        }

        /// What a request would be refused with.
        init(_ error: ErrorBody) {
            let all = ErrorBody.Detail(field: "", rule: error.code.rawValue, message: error.message)
            details = error.details.isEmpty ? [all] : error.details
        }

        init(_ field: String, _ rule: String, _ message: String) {
            details = [ErrorBody.Detail(field: field, rule: rule, message: message)]
        }
    }

    /// The id that a record brings; nil when it has none. `_id` stands for it where there is no `id`.
    static func id(of record: JSONObject) throws(Refusal) -> String? {
        guard let value = record["id"] ?? record["_id"], !value.isNull else { return nil }
        guard let id = value.stringValue else {
            throw Refusal("id", "type", "id must be a string, not \(value.typeName)")
        }
        if let flaw = flaw(inID: id) { throw Refusal("id", "form", "id \(flaw)") }
        return id
    }

    /// What is wrong with an id. MongoDB's 24 hex digits are the rule; others are kept as long as a path can name them.
    static func flaw(inID id: String) -> String? {
        if id.utf8.isEmpty { return "is empty" }
        if id.utf8.count > 128 { return "has more than 128 bytes" }
        if id.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0x2F }) {
            return "holds a slash or a control character"
        }
        if ["spec", "openapi", ".", ".."].contains(id) { return "is the name of a route" }
        return nil
    }

    /// The record as it is stored.
    ///
    /// - Parameters:
    ///   - id: the record's, or the new one of a record that brings none.
    ///   - stored: the record that is there already; what the new one doesn't say of its making is taken from it.
    func record(_ source: JSONObject, id: String, stored: JSONObject?) throws(Refusal) -> JSONObject {
        let renamesID = source["id"] == nil
        let dates = try dates(of: source, id: id, stored: stored)
        let system: [(String, JSON)] = [
            ("id", .string(id)), ("createdBy", .string(try creator(of: source, stored: stored))),
            ("createdAt", .string(dates.created.description)), ("updatedAt", .string(dates.updated.description)),
        ]
        let systemFields = JSONObject(system)
        var fields = RecordOperations.withoutSystemFields(source)
        if renamesID { fields["_id"] = nil }
        var validator = RecordValidator(
            fillsDefaults: fillsDefaults, keepsClientKey: true, matches: FieldPattern.matches)
        let checked = validator.record(fields, schema)
        if !validator.failures.isEmpty { throw Refusal(validator.failures) }
        var members: [(String, JSON)] = []
        members.reserveCapacity(source.count + 4)
        if renamesID, source["_id"] == nil { members.append(system[0]) }
        for (name, _) in source {
            if renamesID, name.hasSameBytes(as: "_id") {
                members.append(system[0])
            } else if let value = systemFields[name] ?? checked[name] {
                members.append((name, value))
            }
        }
        for (name, value) in checked where source[name] == nil { members.append((name, value)) }
        for (name, value) in system.dropFirst() where source[name] == nil { members.append((name, value)) }
        return JSONObject(members)
    }

    private func creator(of source: JSONObject, stored: JSONObject?) throws(Refusal) -> String {
        switch source["createdBy"] {
        case .string(let id): return id
        case nil: return stored?["createdBy"]?.stringValue ?? ""
        case .null: return ""
        case .some(let other): throw Refusal("createdBy", "type", "createdBy must be a string, not \(other.typeName)")
        }
    }

    private func dates(
        of source: JSONObject, id: String, stored: JSONObject?
    ) throws(Refusal) -> (created: Timestamp, updated: Timestamp) {
        let created = try date("createdAt", of: source, stored: stored)
        let updated = try date("updatedAt", of: source, stored: stored)
        let made = created ?? Self.date(ofID: id) ?? updated ?? now
        return (made, updated ?? made)
    }

    private func date(_ name: String, of source: JSONObject, stored: JSONObject?) throws(Refusal) -> Timestamp? {
        guard let value = source[name], !value.isNull else {
            return stored?[name]?.stringValue.flatMap(Timestamp.init)
        }
        guard let text = value.stringValue, let date = Timestamp(text) else {
            throw Refusal(name, "date", "\(name) must be an ISO 8601 date, like 2025-01-08T09:30:00.000Z")
        }
        return date
    }

    /// The seconds in an id of MongoDB's layout.
    private static func date(ofID id: String) -> Timestamp? {
        guard id.utf8.count == 24,
            id.utf8.allSatisfy({
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
            }),
            let seconds = Int64(id.prefix(8), radix: 16)
        else { return nil }
        return Timestamp(milliseconds: seconds * 1_000)
    }
}
