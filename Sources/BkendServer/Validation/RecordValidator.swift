#if Server
import BkendWire

/// Checks a record against a table's schema and brings its values into their stored form (rest-api.md §6): dates are
/// normalised, whole doubles of `int` fields become integers, and on create absent fields take their defaults.
///
/// Every failure is collected, each with the field's path, the rule and a sentence.
struct RecordValidator {
    /// Whether a text holds a match of a pattern.
    typealias Match = (_ pattern: String, _ text: String) -> Bool

    /// What is wrong, in the order of the schema.
    private(set) var failures: [ErrorBody.Detail] = []
    /// Whether absent fields take their defaults.
    let fillsDefaults: Bool
    let matches: Match

    init(fillsDefaults: Bool, matches: @escaping Match) {
        self.fillsDefaults = fillsDefaults
        self.matches = matches
    }

    mutating func fail(_ path: String, _ rule: String, _ message: String) {
        let field = path.isEmpty ? "body" : path
        failures.append(ErrorBody.Detail(field: field, rule: rule, message: "\(field) \(message)"))
    }

    mutating func object(_ object: JSONObject, _ schema: FieldSchema, at path: String) -> JSONObject {
        var out: [(String, JSON)] = []
        for (name, value) in object {
            let place = path.isEmpty ? name : "\(path).\(name)"
            if let flaw = FieldName.flaw(in: name) {
                fail(place, "name", flaw)
            } else if let property = schema[name] {
                let isRequired = schema.required.contains { $0.hasSameBytes(as: name) }
                out.append((name, self.value(value, property, isRequired: isRequired, at: place)))
            } else if !schema.additionalProperties {
                fail(place, "additionalProperties", "is not a field of the schema")
            } else {
                out.append((name, dynamic(value, at: place)))
            }
        }
        for property in schema.properties where object[property.name] == nil {
            let place = path.isEmpty ? property.name : "\(path).\(property.name)"
            if fillsDefaults, let value = property.schema.default {
                out.append((property.name, self.value(value, property.schema, isRequired: false, at: place)))
            } else if schema.required.contains(where: { $0.hasSameBytes(as: property.name) }) {
                fail(place, "required", "is required")
            }
        }
        for name in schema.required where schema[name] == nil && object[name] == nil {
            fail(path.isEmpty ? name : "\(path).\(name)", "required", "is required")
        }
        return JSONObject(out)
    }

    /// A value that no schema describes: any, but its keys must be storable.
    private mutating func dynamic(_ value: JSON, at path: String) -> JSON {
        switch value {
        case .object(let object):
            for (name, value) in object {
                let place = "\(path).\(name)"
                if let flaw = FieldName.flaw(in: name) { fail(place, "name", flaw) }
                _ = dynamic(value, at: place)
            }
        case .array(let values):
            for (index, value) in values.enumerated() { _ = dynamic(value, at: "\(path).\(index)") }
        default: break
        }
        return value
    }
}

/// The rule for names in records, also for those that no schema names (rest-api.md §6).
enum FieldName {
    /// What is wrong with a name, nil when it may be stored.
    static func flaw(in name: String) -> String? {
        if name.utf8.isEmpty { return "has an empty name" }
        if name.utf8.first == 0x24 { return "can't have a name that starts with $" }
        if name.utf8.contains(0x2E) { return "can't have a name with a dot" }
        if name.utf8.contains(0) { return "can't have a name with U+0000" }
        return nil
    }
}

extension ErrorBody {
    /// The answer to a record that breaks rules, nil when it breaks none.
    init?(failures: [Detail]) {
        if failures.isEmpty { return nil }
        let message = failures.prefix(3).map(\.message).joined(separator: "; ")
        let more = failures.count > 3 ? "; and \(failures.count - 3) more" : ""
        self.init(.validationError, message + more, details: failures)
    }
}
#endif
