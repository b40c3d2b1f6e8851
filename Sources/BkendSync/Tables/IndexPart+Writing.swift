import BkendDocuments
import BkendWire

/// Indexes come and go by the app's word and by the server's spec; one that either wants stays.
extension IndexPart where Store == StoreTransaction {
    /// Keeps an index by the app's word, from now on and after the store was closed. One that is there already stays as
    /// it is; one that couldn't be kept is tried again. Past the limits, it takes the place of one that only the server's
    /// spec asked for. What has records is filled by `fill`.
    ///
    /// - Throws: `StoreError` for fields that can't be in one, or too many indexes.
    package func keep(_ fields: [IndexDefinition.Field], of table: String) throws {
        if let flaw = TableName.flaw(in: table) { throw StoreError(.invalidTable(flaw), table: table) }
        if let flaw = StoreIndex.flaw(in: fields) { throw StoreError(.invalidIndex(flaw), table: table) }
        if StoreIndex.isBuiltIn(fields) { return }
        let definition = StoreIndex.definition(fields)
        if try hasIndex(definition.name, of: table) {
            try db.perform(
                "UPDATE sync_indexes SET by_app = 1 WHERE collection = ? AND name = ?", .text(table),
                .text(definition.name))
            let isRefused = "SELECT 1 FROM sync_indexes WHERE collection = ? AND name = ? AND flaw IS NOT NULL"
            if try db.number(isRefused, .text(table), .text(definition.name)) != 0 { try begin(definition, of: table) }
            return
        }
        if let limit = try exhaustedLimit(of: table), try !dropOneOfSpec(of: table, limit: limit) {
            throw StoreError(.tooManyIndexes(limit: limit), table: table)
        }
        try add(definition, of: table, byApp: true)
    }

    /// Drops an index that only the server's spec asked for, to make room for the app's: of this table if it is the table
    /// that is full, otherwise of the table with the most such indexes. False if there is none.
    private func dropOneOfSpec(of table: String, limit: Int) throws -> Bool {
        let inTable = """
            SELECT collection, name FROM sync_indexes WHERE collection = ? AND NOT by_app
            ORDER BY flaw IS NULL, name DESC LIMIT 1
            """
        let inStore = """
            SELECT collection, max(name) FROM sync_indexes WHERE NOT by_app GROUP BY collection
            ORDER BY count(*) DESC, collection LIMIT 1
            """
        func read(_ row: RunningStatement) -> (String, String) { (row.text(0), row.text(1)) }
        let victim =
            limit == StoreIndex.tableLimit
            ? try db.first(inTable, .text(table), read: read) : try db.first(inStore, read: read)
        guard let (owner, name) = victim else { return false }
        try drop(name, of: owner)
        return true
    }

    /// Takes the app's word for an index back; without the server's it goes. False when there was none.
    package func drop(_ fields: [IndexDefinition.Field], of table: String) throws -> Bool {
        let definition = StoreIndex.definition(fields)
        let isAsked = "SELECT by_app FROM sync_indexes WHERE collection = ? AND name = ?"
        guard try db.number(isAsked, .text(table), .text(definition.name)) != 0 else { return false }
        try db.perform(
            "UPDATE sync_indexes SET by_app = 0 WHERE collection = ? AND name = ?", .text(table),
            .text(definition.name))
        try dropUnwanted(of: table)
        // There may be room again for one of the spec's that had to give way.
        if let facts = try store.facts.of(table) { try followSpec(facts.indexes, of: table) }
        return true
    }

    /// Brings a table's indexes to what the server's spec says. Past the limits the first ones count.
    func followSpec(_ indexes: [[IndexDefinition.Field]], of table: String) throws {
        try db.perform("UPDATE sync_indexes SET by_spec = 0 WHERE collection = ?", .text(table))
        for fields in indexes where StoreIndex.flaw(in: fields) == nil && !StoreIndex.isBuiltIn(fields) {
            let definition = StoreIndex.definition(fields)
            if try hasIndex(definition.name, of: table) {
                try db.perform(
                    "UPDATE sync_indexes SET by_spec = 1 WHERE collection = ? AND name = ?", .text(table),
                    .text(definition.name))
            } else if try exhaustedLimit(of: table) == nil {
                try add(definition, of: table, byApp: false)
            }
        }
        try dropUnwanted(of: table)
    }

    /// Fills the next part of an index that isn't whole; whether there is more to do.
    package func fill() throws -> Bool {
        let open = """
            SELECT collection, name, filled, definition FROM sync_indexes WHERE filled IS NOT NULL
            ORDER BY collection, name LIMIT 1
            """
        let next = try db.first(open) { ($0.text(0), $0.text(1), $0.int(2), try $0.object(3)) }
        guard let (table, name, row, json) = next else { return false }
        if var collection = try store.collection(table) {
            do {
                let last = try collection.buildIndex(named: name, after: row, count: StoreIndex.step, in: db)
                store.remember(collection)
                try note(filled: last, name, of: table)
            } catch let error as InvalidDocument where error.index != nil {
                try giveUp(name, of: table, because: error)
            } catch let error as CollectionError where error.reason == .noSuchIndex(name) {
                try begin(StoreIndex.definition(Self.fields(json)), of: table)
            }
        } else {
            try note(filled: nil, name, of: table)
        }
        return try hasIndexesToFill
    }

    /// The collection of a table, made on first use.
    private func made(_ table: String) throws -> Collection {
        if let collection = try store.collection(table) { return collection }
        if !FileTable.isName(table), let flaw = TableName.flaw(in: table) {
            throw StoreError(.invalidTable(flaw), table: table)
        }
        var made = try Collection.create(table, in: db)
        for index in IndexDefinition.builtIn where index.name != "_id_" { try made.createIndex(index, in: db) }
        try makeIndexes(of: &made)
        store.remember(made)
        return made
    }

    /// Makes the indexes of a table that gets its first record.
    private func makeIndexes(of made: inout Collection) throws {
        let wanted = "SELECT definition FROM sync_indexes WHERE collection = ? AND flaw IS NULL ORDER BY name LIMIT ?"
        let definitions = try db.all(wanted, .text(made.name), .int(StoreIndex.tableLimit)) { try $0.object(0) }
        for json in definitions { _ = try made.beginIndex(StoreIndex.definition(Self.fields(json)), in: db) }
    }

    /// Stores what a record holds. An index is a means: where a document can't be in one, as for an array of very many
    /// values, the index goes and not the document.
    func storing<Result>(in table: String, _ work: (Collection) throws -> Result) throws -> Result {
        for _ in 0...StoreIndex.tableLimit {
            do {
                return try work(made(table))
            } catch let error as InvalidDocument {
                guard let name = error.index, try hasIndex(name, of: table) else { throw error }
                try giveUp(name, of: table, because: error)
            }
        }
        return try work(made(table))
    }

    // MARK: Steps

    private static func fields(_ definition: JSONObject) throws -> [IndexDefinition.Field] {
        guard let fields = TableFacts.indexFields(definition["fields"]?.objectValue) else {
            throw StoreError(.damaged("an index"))
        }
        return fields
    }

    private func hasIndex(_ name: String, of table: String) throws -> Bool {
        let sql = "SELECT 1 FROM sync_indexes WHERE collection = ? AND name = ?"
        return try db.number(sql, .text(table), .text(name)) != 0
    }

    /// The limit that leaves no room for one more, nil while there is.
    private func exhaustedLimit(of table: String) throws -> Int? {
        let own = try db.number("SELECT count(*) FROM sync_indexes WHERE collection = ?", .text(table))
        if own >= StoreIndex.tableLimit { return StoreIndex.tableLimit }
        let all = try db.number("SELECT count(*) FROM sync_indexes")
        return all >= StoreIndex.storeLimit ? StoreIndex.storeLimit : nil
    }

    private func add(_ definition: IndexDefinition, of table: String, byApp: Bool) throws {
        let key: JSONObject = ["fields": .object(definition.keyJSON)]
        try db.perform(
            "INSERT INTO sync_indexes (collection, name, definition, by_app, by_spec) VALUES (?, ?, ?, ?, ?)",
            .text(table), .text(definition.name), .utf8(key.serialized()), .int(byApp ? 1 : 0), .int(byApp ? 0 : 1))
        try begin(definition, of: table)
    }

    /// Makes an index where there are records; else it is made with the first one.
    private func begin(_ definition: IndexDefinition, of table: String) throws {
        guard var collection = try store.collection(table) else {
            return try note(filled: nil, definition.name, of: table)
        }
        let isWhole = try collection.beginIndex(definition, in: db)
        store.remember(collection)
        try note(filled: isWhole ? nil : 0, definition.name, of: table)
    }

    private func note(filled row: Int64?, _ name: String, of table: String) throws {
        try db.perform(
            "UPDATE sync_indexes SET filled = ?, flaw = NULL WHERE collection = ? AND name = ?",
            row.map { .int($0) } ?? .null, .text(table), .text(name))
        // Whoever fills indexes hears of a new one.
        if row == 0 { store.touchesOutbox = true }
    }

    private func giveUp(_ name: String, of table: String, because error: InvalidDocument) throws {
        try dropFromCollection(name, of: table)
        try db.perform(
            "UPDATE sync_indexes SET filled = NULL, flaw = ? WHERE collection = ? AND name = ?",
            .text(error.description), .text(table), .text(name))
    }

    private func dropUnwanted(of table: String) throws {
        let unwanted = "SELECT name FROM sync_indexes WHERE collection = ? AND NOT by_app AND NOT by_spec ORDER BY name"
        for name in try db.all(unwanted, .text(table), read: { $0.text(0) }) {
            try drop(name, of: table)
        }
    }

    private func drop(_ name: String, of table: String) throws {
        try dropFromCollection(name, of: table)
        try db.perform("DELETE FROM sync_indexes WHERE collection = ? AND name = ?", .text(table), .text(name))
    }

    private func dropFromCollection(_ name: String, of table: String) throws {
        guard var collection = try store.collection(table) else { return }
        do {
            try collection.dropIndex(named: name, in: db)
        } catch let error as CollectionError where error.reason == .noSuchIndex(name) {
            return
        }
        store.remember(collection)
    }
}
