/// An index of a table (rest-api.md §6, §11).
package struct IndexDefinition: Hashable, Sendable {
    /// One field of the index.
    package struct Field: Hashable, Sendable {
        /// The field's dotted path.
        package var path: String
        /// Whether it descends (`-1`).
        package var descending: Bool

        /// A field of an index.
        package init(_ path: String, descending: Bool = false) {
            self.path = path
            self.descending = descending
        }
    }

    /// The index's name.
    package var name: String
    /// Its fields, the most significant first.
    package var fields: [Field]
    /// Whether no two records may hold the same values.
    package var unique: Bool
    /// Whether records that have none of the fields are left out.
    package var sparse: Bool

    /// An index.
    package init(name: String, fields: [Field], unique: Bool = false, sparse: Bool = false) {
        self.name = name
        self.fields = fields
        self.unique = unique
        self.sparse = sparse
    }

    /// Same name, fields and rules; names by code point.
    package static func == (a: IndexDefinition, b: IndexDefinition) -> Bool { a.json == b.json }

    /// Hashes every part.
    package func hash(into hasher: inout Hasher) { hasher.combine(json) }

    /// `{"category":1,"createdAt":-1}`
    package var keyJSON: JSONObject { JSONObject(fields.map { ($0.path, .int($0.descending ? -1 : 1)) }) }

    /// The object of a table's definition.
    package var json: JSONObject {
        ["name": .string(name), "fields": .object(keyJSON), "unique": .bool(unique), "sparse": .bool(sparse)]
    }

    /// The indexes that every table has.
    package static let builtIn: [IndexDefinition] = [
        IndexDefinition(name: "_id_", fields: [Field("id")], unique: true),
        IndexDefinition(name: "_createdAt_", fields: [Field("createdAt")]),
        IndexDefinition(name: "_updatedAt_", fields: [Field("updatedAt")]),
        IndexDefinition(name: "_createdBy_", fields: [Field("createdBy")]),
    ]
}

extension SchemaReader {
    /// `v` and `background` are in exports of MongoDB's indexes and change nothing here.
    private static let indexKeys: Set<String> = ["name", "fields", "key", "unique", "sparse", "v", "background"]

    /// The indexes of a table.
    ///
    /// - Parameter isSpec: whether the server's own are among them, as `/spec` answers them.
    mutating func indexes(_ json: JSON, path: String, isSpec: Bool = false) -> [IndexDefinition] {
        guard case .array(let values) = json else {
            mistake(path, "type", "must be an array of indexes, not \(json.typeName)")
            return []
        }
        var names: Set<ExactString> = []
        return values.enumerated().compactMap { position, value in
            let place = "\(path)[\(position)]"
            guard let members = (value["fields"] ?? value["key"])?.objectValue, !members.isEmpty else {
                mistake("\(place).fields", "required", "must be an object of at least one field, like {\"title\":1}")
                return nil
            }
            for key in value.objectValue?.keys ?? [] where !Self.indexKeys.contains(key) {
                mistake(
                    "\(place).\(key)", "unknown", "is not a part of an index; known are name, fields, unique, sparse")
            }
            let fields = members.compactMap { field, direction -> IndexDefinition.Field? in
                if let flaw = FieldPath.flaw(in: field) { mistake("\(place).fields", "name", flaw) }
                switch direction.intValue {
                case 1: return .init(field)
                case -1: return .init(field, descending: true)
                default:
                    mistake("\(place).fields.\(field)", "type", "must be 1 or -1")
                    return nil
                }
            }
            let spelled = fields.map { "\($0.path)_\($0.descending ? -1 : 1)" }.joined(separator: "_")
            let name = value["name"].flatMap { text($0, path: "\(place).name") } ?? spelled
            if name.utf8.first == 0x5F, !isSpec {
                mistake("\(place).name", "reserved", "a name that starts with _ is the server's own")
            }
            if !names.insert(ExactString(name)).inserted {
                mistake("\(place).name", "unique", "two indexes are named \(name)")
            }
            return IndexDefinition(
                name: name, fields: fields, unique: value["unique"].map { flag($0, path: "\(place).unique") } ?? false,
                sparse: value["sparse"].map { flag($0, path: "\(place).sparse") } ?? false)
        }
    }
}
