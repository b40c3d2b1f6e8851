import BkendWire
import GRDB

extension Collection {
    /// Whether a search index serves `Query.search`, as this handle last saw; without one a search reads every document.
    /// The answers are the same.
    package var isSearchable: Bool { state.search != nil }

    /// Makes the search index and fills it from the documents that are there. It takes about as much room as the
    /// documents themselves and slows writing down, so nothing has one unasked. Does nothing when there is one.
    package mutating func enableSearch(in db: Database) throws {
        let state = try current(in: db)
        if state.search == nil {
            try db.inSavepoint {
                try db.execute(sql: SearchIndex.creation(of: number))
                try Catalogue.setSearch(true, of: number, in: db)
                var index = SearchIndex(collection: number, fields: [])
                try db.run("SELECT row, document FROM \(table.name) ORDER BY row") { documents in
                    while try documents.step() {
                        let texts = try index.texts(of: Array(documents.bytes(1)), in: db)
                        try index.change(row: documents.int(0), from: SearchTexts(), to: texts, in: db)
                    }
                }
                return .commit
            }
        }
        self.state = try current(in: db)
    }

    /// Drops the search index, if there is one.
    package mutating func disableSearch(in db: Database) throws {
        if let search = try current(in: db).search {
            try db.inSavepoint {
                try db.execute(sql: "DROP TABLE \(search.table)")
                try Catalogue.setSearch(false, of: number, in: db)
                return .commit
            }
        }
        self.state = try current(in: db)
    }

    /// Brings the search index to a document's new text; nil means that there is none, or was none.
    func updateSearch(
        row: Int64, from before: [UInt8]?, to after: [UInt8]?, _ state: CollectionState, in db: Database
    ) throws {
        guard var index = state.search else { return }
        let old = try before.map { try index.texts(of: $0, in: db) } ?? SearchTexts()
        let new = try after.map { try index.texts(of: $0, in: db) } ?? SearchTexts()
        try index.change(row: row, from: old, to: new, in: db)
    }
}
