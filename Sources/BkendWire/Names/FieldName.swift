/// The rule for names in records, also for those that no schema names (rest-api.md §6), and names that mean something.
package enum FieldName {
    /// The field that carries the key of a device's create, by which its record is known again.
    package static let clientKey = "clientKey"

    /// What is wrong with a name, nil when it may be stored.
    package static func flaw(in name: String) -> String? {
        if name.utf8.isEmpty { return "has an empty name" }
        if name.utf8.first == 0x24 { return "can't have a name that starts with $" }
        if name.utf8.contains(0x2E) { return "can't have a name with a dot" }
        if name.utf8.contains(0) { return "can't have a name with U+0000" }
        return nil
    }

    /// The first name that may not be stored, anywhere in some fields: where it is, and what is wrong with it.
    package static func flaw(in fields: JSONObject) -> (path: String, flaw: String)? { flaw(in: fields, at: "") }

    private static func flaw(in fields: JSONObject, at path: String) -> (path: String, flaw: String)? {
        for (name, value) in fields {
            let place = path.isEmpty ? name : "\(path).\(name)"
            if let flaw = flaw(in: name) { return (place, flaw) }
            if let found = flaw(in: value, at: place) { return found }
        }
        return nil
    }

    private static func flaw(in value: JSON, at path: String) -> (path: String, flaw: String)? {
        switch value {
        case .object(let object): return flaw(in: object, at: path)
        case .array(let values):
            for (index, value) in values.enumerated() {
                if let found = flaw(in: value, at: "\(path)[\(index)]") { return found }
            }
            return nil
        case .null, .bool, .int, .double, .string: return nil
        }
    }
}

extension JSONObject {
    /// Refuses names that no server stores, before anything is sent.
    ///
    /// - Throws: `JSONCodingError` with the path.
    package func checkNames() throws(JSONCodingError) {
        if let (path, flaw) = FieldName.flaw(in: self) { throw JSONCodingError(path: path, message: "a field \(flaw)") }
    }
}
