import BkendWire

/// The entries that one document has in one index.
struct IndexKeys {
    /// One entry.
    struct Entry: Equatable {
        /// The key, id included.
        let key: [UInt8]
        /// How many of its bytes are the values'.
        let valueCount: Int
        /// Whether some value is an array that a field holds as a whole: MongoDB has no such key, so it takes no part
        /// in uniqueness.
        let holdsWholeArray: Bool
    }

    /// The most entries that one document may have in one index.
    static let limit = 65_536
    /// The most bytes that the keys of one document may have in one index. A long text beside a long array would be
    /// stored once for each element.
    static let byteLimit = 16 << 20

    private static let emptyWholeArray = [TypeBracket.wholeArray, TypeBracket.end]

    private(set) var entries: [Entry] = []
    /// Whether an array lies on one of the paths.
    private(set) var meetsArray = false

    let index: StoredIndex
    private let collection: String
    private let fields: DocumentFields
    private let slots: [Int]

    /// `fields` is shared by the indexes whose entries are looked for in one pass (`DocumentKeys`).
    init(_ index: StoredIndex, collection: String, fields: DocumentFields = DocumentFields()) {
        self.index = index
        self.collection = collection
        self.fields = fields
        slots = index.fields.map { fields.slot($0.path.parts[0].name) }
    }

    /// One value of one field.
    private struct Component {
        var key: [UInt8]
        var isWholeArray = false
    }

    /// Finds the entries of a document.
    ///
    /// - Throws: `InvalidDocument` when its arrays would make too many.
    mutating func load(_ document: [UInt8], id: String) throws {
        try document.withUnsafeBufferPointer { bytes in
            let text = fields.load(bytes) ? fields.text : nil
            try read(text, id: id, suffix: IDKey.key(id, descending: index.isIDDescending))
        }
    }

    /// Finds the entries of the document that `fields` has loaded, nil when that is no object.
    ///
    /// - Throws: `InvalidDocument` when its arrays would make too many.
    mutating func read(_ text: StoredText?, id: String, suffix: [UInt8]) throws {
        entries.removeAll(keepingCapacity: true)
        meetsArray = false
        guard let text else { return }
        if try readPlainValue(text, id: id, suffix: suffix) { return }
        var components: [[Component]] = []
        var isPresent = false
        for (field, slot) in zip(index.fields, slots) {
            components.append(values(of: field, from: fields.offset(slot), text, &isPresent))
        }
        if index.definition.sparse && !isPresent { return }
        var count = 1
        for values in components {
            count = count.multipliedReportingOverflow(by: values.count).partialValue
            if values.count > Self.limit || count > Self.limit {
                throw InvalidDocument(
                    collection: collection, id: id,
                    reason: .tooManyIndexEntries(index: index.definition.name, limit: Self.limit))
            }
        }
        // Each key of a field stands once beside every combination of the others'.
        let bytes = components.reduce(0) { sum, values in
            sum + values.reduce(0) { $0 + $1.key.count } * (count / max(values.count, 1))
        }
        try refuse(bytes: bytes + count * id.utf8.count, id)
        combine(components, suffix: suffix)
    }

    /// What nearly every document has in nearly every index: one entry, for a field on its top level that is no array.
    private mutating func readPlainValue(_ text: StoredText, id: String, suffix: [UInt8]) throws -> Bool {
        guard index.fields.count == 1, index.fields[0].path.parts.count == 1 else { return false }
        let offset = fields.offset(slots[0])
        if offset >= 0, text.byte(offset) == 0x5B { return false }
        if offset < 0, index.definition.sparse { return true }
        var key: [UInt8] = []
        key.reserveCapacity(64)
        if offset < 0 { key.append(TypeBracket.null) } else { ComparisonKey.append(text, offset, to: &key) }
        if index.fields[0].isDescending { for position in key.indices { key[position] = ~key[position] } }
        let valueCount = key.count
        try refuse(bytes: valueCount + id.utf8.count, id)
        key += suffix
        entries.append(Entry(key: key, valueCount: valueCount, holdsWholeArray: false))
        return true
    }

    private func refuse(bytes: Int, _ id: String) throws {
        if bytes <= Self.byteLimit { return }
        throw InvalidDocument(
            collection: collection, id: id,
            reason: .indexEntriesTooLong(index: index.definition.name, limit: Self.byteLimit))
    }

    private mutating func values(
        of field: IndexField, from offset: Int, _ text: StoredText, _ isPresent: inout Bool
    ) -> [Component] {
        var values: [Component] = []
        var visited = 0
        var present = false
        _ = Candidates(text: text, path: field.path).visit(first: offset) { candidate in
            visited += 1
            var component = Component(key: [])
            if candidate.offset < 0 {
                component.key.append(TypeBracket.null)
            } else {
                present = true
                ComparisonKey.append(text, candidate.offset, to: &component.key)
                if !candidate.isElement, component.key[0] == TypeBracket.array {
                    component.isWholeArray = true
                    component.key[0] = TypeBracket.wholeArray
                }
            }
            values.append(component)
            return false
        }
        if present { isPresent = true }
        if field.path.meetsArray(from: offset, in: text) { meetsArray = true }
        // In an array there may be nothing that the path fits, and an empty array has no element to stand for it.
        if visited == 0 { values = [Component(key: [TypeBracket.null])] }
        if visited == 1, values[0].key == Self.emptyWholeArray { values.append(Component(key: [TypeBracket.nothing])) }
        if field.isDescending {
            for position in values.indices { values[position].key = values[position].key.map { ~$0 } }
        }
        return values
    }

    private mutating func combine(_ components: [[Component]], suffix: [UInt8]) {
        var prefixes = [Component(key: [])]
        for values in components {
            var next: [Component] = []
            next.reserveCapacity(prefixes.count * values.count)
            for prefix in prefixes {
                for value in values {
                    next.append(
                        Component(key: prefix.key + value.key, isWholeArray: prefix.isWholeArray || value.isWholeArray))
                }
            }
            prefixes = next
        }
        entries = prefixes.map {
            Entry(key: $0.key + suffix, valueCount: $0.key.count, holdsWholeArray: $0.isWholeArray)
        }
        guard entries.count > 1 else { return }
        entries.sort { ByteOrder.compare($0.key, $1.key) < 0 }
        var last: [UInt8]?
        entries.removeAll { entry in
            defer { last = entry.key }
            return entry.key == last
        }
    }

    /// The entries that went and those that came since another text of the same document.
    func changes(from before: IndexKeys) -> (gone: [Entry], new: [Entry]) {
        if entries == before.entries { return ([], []) }
        let old = Set(before.entries.map(\.key))
        let current = Set(entries.map(\.key))
        return (before.entries.filter { !current.contains($0.key) }, entries.filter { !old.contains($0.key) })
    }
}
