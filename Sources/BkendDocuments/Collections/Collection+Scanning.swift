import GRDB

extension Collection {
    /// Hands every document's id and text to `visit`, in the order in which they were first stored. The bytes are valid
    /// for that call only.
    package func scan(in db: Database, visit: (String, UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        try db.run("SELECT id, document FROM \(table.name) ORDER BY row") { documents in
            while try documents.step() { try visit(documents.text(0), documents.bytes(1)) }
        }
    }

    /// How many documents there are, as the catalogue counts them.
    package func total(in db: Database) throws -> Int {
        try db.run(table.total) { statement in try statement.step() ? Int(statement.int(0)) : 0 }
    }
}
