import BkendWire

/// Infers a table's schema from records that exist: types alone, and only where every record agrees. It is made to take
/// what an app that ran without this schema may write next: numbers are never narrowed to whole ones, nothing is
/// required, and a string is a date only if each is in the stored form, so that normalising changes none.
package struct SchemaInference: Sendable {
    private var root = Shape()
    private var keys = SeenKeys()
    /// How many records were looked at.
    package private(set) var records = 0

    private static let deepest = 6
    private static let mostFields = 500

    /// Nothing is known yet.
    package init() {}

    mutating func add(_ record: JSONObject) {
        records += 1
        keys.add(record)
        let fields = RecordOperations.withoutSystemFields(record)
        root.add(
            .object(
                record["id"] == nil ? JSONObject(fields.filter { $0.key != "_id" }.map { ($0.key, $0.value) }) : fields),
            depth: 0)
    }

    /// The inferred table, as `apply` takes it; with the default permissions.
    package func definition(name: String) -> TableDefinition {
        var table = TableDefinition(name: name)
        table.schema.properties = root.schema?.properties ?? []
        // With the index that `apply` adds otherwise, the import would reject the second of two records.
        if keys.isShared { table.clientKeys = false }
        return table
    }

    /// The client keys seen so far, to tell whether two records share one. Keys and ids are kept as their hashes, 32 MB
    /// at most: of more than a million keys the first million are known, and the import notices the others.
    private struct SeenKeys {
        private var owners: [Int: Int] = [:]
        private(set) var isShared = false
        private static let most = 1 << 20

        mutating func add(_ record: JSONObject) {
            guard !isShared, let key = record[FieldName.clientKey] else { return }
            let name = ExactString(key.description).hashValue
            // The same record in two pages is one; without an id each is another.
            let id = (record["id"] ?? record["_id"])?.stringValue.map { ExactString($0).hashValue }
            if let owner = owners[name] {
                isShared = owner != id
            } else if owners.count < Self.most {
                owners[name] = id ?? 0
            }
        }
    }

    /// What was seen of one place in the records.
    private struct Shape {
        private enum Kind: Hashable { case string, date, number, bool, object, array }
        private var kinds: Set<Kind> = []
        private var fields: [ExactString: Int] = [:]
        private var members: [(name: String, shape: Shape)] = []
        private var elements: [Shape] = []

        mutating func add(_ value: JSON, depth: Int) {
            switch value {
            case .null: break
            case .bool: kinds.insert(.bool)
            case .int, .double: kinds.insert(.number)
            case .string(let text):
                let isDate = text.utf8.count == 24 && Timestamp(text)?.description.hasSameBytes(as: text) == true
                kinds.insert(isDate ? .date : .string)
            case .object(let object):
                kinds.insert(.object)
                if depth < SchemaInference.deepest { for member in object { add(member, depth: depth) } }
            case .array(let values):
                kinds.insert(.array)
                guard depth < SchemaInference.deepest, !values.isEmpty else { return }
                var element = elements.first ?? Shape()
                for value in values {
                    // A typed element can't be null, so that such arrays stay untyped.
                    if value.isNull { element.kinds.formUnion([.string, .number]) }
                    element.add(value, depth: depth + 1)
                }
                elements = [element]
            }
        }

        private mutating func add(_ member: JSONObject.Element, depth: Int) {
            guard TableName.isFieldName(member.key) else { return }
            let name = ExactString(member.key)
            guard let position = fields[name] else {
                guard members.count < SchemaInference.mostFields else { return }
                var shape = Shape()
                shape.add(member.value, depth: depth + 1)
                fields[name] = members.count
                members.append((member.key, shape))
                return
            }
            members[position].shape.add(member.value, depth: depth + 1)
        }

        /// The schema, nil where nothing holds for all.
        var schema: FieldSchema? {
            var kinds = kinds
            if kinds == [.string, .date] { kinds = [.string] }
            guard kinds.count == 1, let kind = kinds.first else { return nil }
            switch kind {
            case .string: return FieldSchema(.string)
            case .date: return FieldSchema(.date)
            case .number: return FieldSchema(.double)
            case .bool: return FieldSchema(.bool)
            case .object:
                var schema = FieldSchema(.object)
                schema.properties = members.compactMap { member in
                    member.shape.schema.map { FieldSchema.Property(member.name, $0) }
                }
                return schema
            case .array:
                var schema = FieldSchema(.array)
                schema.items = elements.first?.schema.map { [$0] } ?? []
                return schema
            }
        }
    }
}

extension SchemaInference {
    /// Looks at every record of the files that can be read as one.
    ///
    /// - Parameter progress: called now and then, and at the end, with all records so far, and the file's bytes: read,
    ///   and all if known.
    /// - Throws: `OperatorError` when a file can't be read or followed.
    package mutating func look(
        at path: String, isLines: Bool, progress: (_ records: Int, Int, Int?) -> Void = { _, _, _ in }
    ) throws {
        let file = try InputFile(path)
        var reader = RecordReader(isLines: isLines, read: file.read)
        do {
            while let item = try reader.next() {
                // What can't be read is for the import to reject.
                guard let bytes = item.bytes,
                    case .object(let record) = try? JSON(parsing: bytes, limits: JSONLimits(depth: 64))
                else { continue }
                add(record)
                if records % 1_000 == 0 { progress(records, reader.offset, file.length) }
            }
            progress(records, reader.offset, file.length)
        } catch let fault as ImportFault { throw OperatorError("\(path): \(fault)", .data) }
    }
}
