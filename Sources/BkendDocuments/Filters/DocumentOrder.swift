import BkendWire

/// Gives each document the key of its place in an order: the object behind the SQL function `bkend_order`.
final class DocumentOrder {
    private struct Field {
        let path: DocumentPath
        let slot: Int
        let isDescending: Bool
    }

    private let documentFields = DocumentFields()
    private let workspace = TestWorkspace()
    private let visibility: VisibilityProgram
    private let fields: [Field]
    private var key: [UInt8] = []
    private var candidate: [UInt8] = []
    private(set) var failure: (any Error)?

    init(_ sort: [Query.Sort], hiding visibility: FieldVisibility) throws {
        self.visibility = try VisibilityProgram(visibility, fields: documentFields)
        fields = sort.map { [documentFields] sort in
            let path = DocumentPath(sort.field)
            let slot = documentFields.slot(path.parts[0].name)
            return Field(path: path, slot: slot, isDescending: sort.direction == .descending)
        }
    }

    /// Calls `body` with a document's key; nil when there is none, and then `failure` says why.
    func withKey<Result>(
        of document: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result? {
        do {
            guard documentFields.load(document), let text = documentFields.text else {
                throw DamagedDocument(collection: "", detail: "the text is no JSON object")
            }
            _ = try visibility.apply(text, documentFields, workspace)
            key.removeAll(keepingCapacity: true)
            for field in fields { append(field, text) }
            // Turned round, a string's end is 0xFF and the escape of a U+0000 goes on with 0x00: something must stand
            // between the two, as a bracket does after every other field.
            key.append(0x80)
            return key.withUnsafeBufferPointer(body)
        } catch {
            failure = error
            return nil
        }
    }

    /// The least value ascending, the greatest descending (MongoDB's manual, "Comparison/Sort Order", Arrays).
    private func append(_ field: Field, _ text: StoredText) {
        let start = key.count
        SortValues(text: text, path: field.path).visit(first: documentFields.offset(field.slot)) { value in
            // Nearly always the only one.
            if key.count == start { return Self.append(value, text, to: &key) }
            candidate.removeAll(keepingCapacity: true)
            Self.append(value, text, to: &candidate)
            let order = candidate.withUnsafeBufferPointer { candidate in
                key.withUnsafeBufferPointer {
                    ByteOrder.compare(candidate, UnsafeBufferPointer(rebasing: $0[start...]))
                }
            }
            if (order < 0) != field.isDescending { key.replaceSubrange(start..., with: candidate) }
        }
        if field.isDescending { for index in key.indices[start...] { key[index] = ~key[index] } }
    }

    private static func append(_ value: SortValues.Value, _ text: StoredText, to key: inout [UInt8]) {
        switch value {
        case .null: key.append(TypeBracket.null)
        case .nothing: key.append(TypeBracket.nothing)
        case .at(let offset): ComparisonKey.append(text, offset, to: &key)
        }
    }
}
