import BkendWire
import GRDB

/// A collection's search index: an FTS5 table of trigrams with one row for each document and top-level field that holds
/// a string.
///
/// It only narrows: every document that it names is tried on the search itself. So the table keeps no text
/// (`content=''`), no positions (`detail=none`) and no sizes, which makes it a fraction of the usual one; a text's
/// trigrams are taken out again by giving the same text (SQLite's documentation, "Contentless Tables"). The text is
/// folded by `TextFolding` before it goes in, and the tokenizer takes it as it is.
///
/// A row's number is the document's, times 64, plus the field's. Fields get their numbers as they first appear; those
/// past the 63rd share the last number.
struct SearchIndex: Sendable {
    let table: String
    private let collection: Int64
    private let insertSQL: String
    private let deleteSQL: String
    /// The names of the fields, by their numbers.
    private(set) var fields: [[UInt8]]

    /// The number of a field that came when there was no other left.
    static let sharedNumber = 63

    init(collection: Int64, fields: [[UInt8]]) {
        self.collection = collection
        self.fields = fields
        table = Catalogue.searchTable(of: collection)
        insertSQL = "INSERT INTO \(table) (rowid, text) VALUES (?, ?)"
        deleteSQL = "INSERT INTO \(table) (\(table), rowid, text) VALUES ('delete', ?, ?)"
    }

    /// The table, empty.
    static func creation(of collection: Int64) -> String {
        """
        CREATE VIRTUAL TABLE \(Catalogue.searchTable(of: collection)) USING fts5(
            text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1')
        """
    }

    /// Which fields may be looked at, as a set of bits by their numbers; 0 when there is none.
    func mask(only: [UInt8]?, hidden: [[UInt8]]) -> Int64 {
        var mask: UInt64 = 0
        for (number, name) in fields.enumerated() where !hidden.contains(name) && (only == nil || only == name) {
            mask |= 1 << UInt64(number)
        }
        let isKnown = only.map { fields.contains($0) } ?? false
        if fields.count >= Self.sharedNumber, !isKnown { mask |= 1 << UInt64(Self.sharedNumber) }
        return Int64(bitPattern: mask)
    }

    /// The texts that a document has here; fields that are new get their numbers.
    mutating func texts(of document: [UInt8], in db: Database) throws -> SearchTexts {
        var texts = SearchTexts()
        try document.withUnsafeBufferPointer { bytes in
            try SearchTexts.visit(bytes) { name, contents in
                texts.add(contents, field: try number(of: name, in: db))
            }
        }
        return texts
    }

    private mutating func number(of name: [UInt8], in db: Database) throws -> Int {
        if let number = fields.firstIndex(of: name) { return number }
        guard fields.count < Self.sharedNumber else { return Self.sharedNumber }
        try Catalogue.addSearchField(name, number: fields.count, of: collection, in: db)
        fields.append(name)
        return fields.count - 1
    }

    /// Puts the texts of a document's row in the place of those it had. Field by field, since FTS5 collects changes as
    /// long as row numbers ascend.
    func change(row: Int64, from before: SearchTexts, to after: SearchTexts, in db: Database) throws {
        for field in Set(before.texts.keys).union(after.texts.keys).sorted() {
            let (old, new) = (before.texts[field], after.texts[field])
            if old == new { continue }
            if let old { try run(deleteSQL, row: row << 6 | Int64(field), old, in: db) }
            if let new { try run(insertSQL, row: row << 6 | Int64(field), new, in: db) }
        }
    }

    private func run(_ sql: String, row: Int64, _ text: [UInt8], in db: Database) throws {
        try db.run(sql) { statement in
            try statement.bind(row)
            try text.withUnsafeBufferPointer { try statement.bind(text: $0) }
            _ = try statement.step()
        }
    }
}
