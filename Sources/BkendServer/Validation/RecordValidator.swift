import BkendWire

/// Checks records against a table's schema and brings their values into stored form (rest-api.md §6): dates are
/// normalised, whole doubles of `int` fields become integers, and on create absent fields take their defaults.
///
/// Every failure is counted, each with the field's path, the rule and a sentence.
struct RecordValidator {
    /// Whether a text holds a match of a pattern.
    typealias Match = (_ pattern: String, _ text: String) -> Bool

    /// What is wrong, in the order of the schema.
    private(set) var failures: ValidationFailures
    /// Whether absent fields take their defaults.
    let fillsDefaults: Bool
    /// Whether the field `clientKey` may be there although the schema allows no other fields: it was stored before the
    /// schema said so, and says which device's write made the record.
    let keepsClientKey: Bool
    let matches: Match
    /// Whether a top-level field's name and rules are nothing for the caller to know.
    private let hides: (_ field: String) -> Bool
    /// Where it is.
    var place = RecordPlace()
    private var hasHiddenFailure = false

    init(
        fillsDefaults: Bool, keepsClientKey: Bool = false, matches: @escaping Match,
        hides: @escaping (_ field: String) -> Bool = { _ in false },
        failures: ValidationFailures = ValidationFailures()
    ) {
        self.fillsDefaults = fillsDefaults
        self.keepsClientKey = keepsClientKey
        self.matches = matches
        self.hides = hides
        self.failures = failures
    }

    /// A record's fields in their stored form.
    ///
    /// - Parameter place: where the record stands in the request.
    mutating func record(_ fields: JSONObject, _ schema: FieldSchema, at place: RecordPlace = RecordPlace())
        -> JSONObject
    {
        self.place = place
        hasHiddenFailure = false
        return object(fields, schema)
    }

    /// One value in its stored form.
    mutating func value(_ value: JSON, _ schema: FieldSchema, at place: RecordPlace) -> JSON {
        self.place = place
        return self.value(value, schema, isRequired: false)
    }

    mutating func fail(_ rule: String, _ message: @autoclosure () -> String) {
        if let field = place.field, hides(field) { return failHidden() }
        failures.add(Self.detail(place.path, rule, message()))
    }

    /// One failure for all fields of a record that are nothing for the caller to know: neither how many they are, nor
    /// which, nor what they should be.
    private mutating func failHidden() {
        if hasHiddenFailure { return }
        hasHiddenFailure = true
        failures.add(
            Self.detail(
                place.record, "schema",
                "doesn't fit the table's schema in a field that this caller may not read; an administrator can see which"
            ))
    }

    private static func detail(_ field: String, _ rule: String, _ message: String) -> ErrorBody.Detail {
        ErrorBody.Detail(field: field, rule: rule, message: "\(field) \(message)")
    }

    mutating func object(_ object: JSONObject, _ schema: FieldSchema) -> JSONObject {
        var out: [(String, JSON)] = []
        for (name, value) in object {
            place.enter(name)
            if let flaw = FieldName.flaw(in: name) {
                fail("name", flaw)
            } else if let property = schema[name] {
                let isRequired = schema.required.contains { $0.hasSameBytes(as: name) }
                out.append((name, self.value(value, property, isRequired: isRequired)))
            } else if keepsClientKey, place.isTopLevel, name.hasSameBytes(as: FieldName.clientKey),
                value.stringValue != nil
            {
                out.append((name, value))
            } else if !schema.additionalProperties {
                fail("additionalProperties", "is not a field of the schema")
            } else {
                checkNames(in: value)
                out.append((name, value))
            }
            place.leave()
        }
        for property in schema.properties where object[property.name] == nil {
            place.enter(property.name)
            if fillsDefaults, let value = property.schema.default {
                out.append((property.name, self.value(value, property.schema, isRequired: false)))
            } else if schema.required.contains(where: { $0.hasSameBytes(as: property.name) }) {
                fail("required", "is required")
            }
            place.leave()
        }
        for name in schema.required where schema[name] == nil && object[name] == nil {
            place.enter(name)
            fail("required", "is required")
            place.leave()
        }
        return JSONObject(out)
    }

    /// A value that no schema describes: any, but its keys must be storable.
    private mutating func checkNames(in value: JSON) {
        switch value {
        case .object(let object):
            for (name, value) in object {
                place.enter(name)
                if let flaw = FieldName.flaw(in: name) { fail("name", flaw) }
                checkNames(in: value)
                place.leave()
            }
        case .array(let values):
            for (index, value) in values.enumerated() {
                place.enter(element: index)
                checkNames(in: value)
                place.leave()
            }
        default: break
        }
    }
}
