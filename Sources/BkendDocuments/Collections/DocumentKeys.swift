import BkendWire

/// The entries that a document has in each of a collection's indexes, found in one pass over its text.
struct DocumentKeys {
    /// In the order of the indexes, with the entries of the document loaded last.
    private(set) var indexes: [IndexKeys]
    private let fields = DocumentFields()

    init(_ indexes: [StoredIndex], collection: String) {
        self.indexes = indexes.map { [fields] in IndexKeys($0, collection: collection, fields: fields) }
    }

    /// Finds the entries of a document.
    ///
    /// - Throws: `InvalidDocument` when its arrays would make too many.
    mutating func load(_ document: [UInt8], id: String) throws {
        let ascending = IDKey.key(id, descending: false)
        try document.withUnsafeBufferPointer { bytes in
            let text = fields.load(bytes) ? fields.text : nil
            for position in indexes.indices {
                let isDescending = indexes[position].index.isIDDescending
                let suffix = isDescending ? IDKey.key(id, descending: true) : ascending
                try indexes[position].read(text, id: id, suffix: suffix)
            }
        }
    }
}
