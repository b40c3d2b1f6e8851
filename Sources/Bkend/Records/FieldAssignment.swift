import BkendWire

/// A new value for one field, for an update that doesn't read the record first: `$0.title.set("New")`.
public struct FieldAssignment: Sendable {
    /// The field's name.
    package let field: String
    /// The new value, or why it has no JSON form.
    let value: Result<JSON, JSONCodingError>
}

extension Field where Value: Encodable {
    /// Sets the field to a value; nil stores null.
    public func set(_ value: Value) -> FieldAssignment {
        let path = fieldPath
        return FieldAssignment(
            field: path,
            value: Result { () throws(JSONCodingError) in
                do throws(JSONCodingError) {
                    return try JSON(encoding: value)
                } catch {
                    let separator = error.path.isEmpty || error.path.hasPrefix("[") ? "" : "."
                    throw JSONCodingError(path: path + separator + error.path, message: error.message)
                }
            })
    }
}

extension FieldAssignment {
    /// The body of an update. PATCH sets top-level fields whole, so a dotted path has no place in it.
    static func object(_ assignments: [FieldAssignment]) throws(JSONCodingError) -> JSONObject {
        var object = JSONObject()
        for assignment in assignments {
            guard !assignment.field.utf8.contains(0x2E) else {
                throw JSONCodingError(
                    path: assignment.field,
                    message: "an update replaces whole top-level fields; set the outer object, or use a closure")
            }
            object[assignment.field] = try assignment.value.get()
        }
        return object
    }
}
