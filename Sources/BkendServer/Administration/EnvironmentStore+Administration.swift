import BkendDocuments
import BkendStorage
import BkendWire

/// A table as lists show it.
package struct TableEntry: Hashable, Sendable {
    /// The table's name.
    package let name: String
    /// The number of its definition.
    package let version: Int
    /// How many records it has.
    package let records: Int
    /// What `apply` takes.
    package let definition: BkendWire.TableDefinition
}

/// One definition that a table had.
package struct TableVersion: Hashable, Sendable {
    /// The number, from 1.
    package let version: Int
    /// When it came.
    package let createdAt: String
    /// Whether it is in force.
    package let isCurrent: Bool
    /// What it changed, each a few words.
    package let changes: [String]
    /// The definition.
    package let definition: BkendWire.TableDefinition
}

extension EnvironmentStore {
    /// The tables, by name.
    package func tables() throws -> [TableEntry] {
        try engine.readNow { session in
            try session.tables.map { table in
                TableEntry(
                    name: table.name, version: table.version, records: try session.total(of: table),
                    definition: table.definition)
            }
        }
    }

    /// A table.
    ///
    /// - Throws: `OperatorError` when there is none of that name.
    package func table(_ name: String) throws -> TableEntry {
        guard let table = try tables().first(where: { $0.name.hasSameBytes(as: name) }) else {
            throw Self.noTable(name)
        }
        return table
    }

    /// What `apply` takes to make all tables as they are.
    package func definitions() throws -> JSON {
        ["tables": .array(try tables().map { .object($0.definition.json) })]
    }

    /// Every definition that a table had, the oldest first; also of a table that was dropped.
    ///
    /// - Throws: `OperatorError` when there never was one of that name.
    package func versions(of name: String) throws -> [TableVersion] {
        try engine.readNow { session in
            let current = try session.table(name)?.version
            var last: BkendWire.TableDefinition?
            let versions = try session.all(TableSQL.versions, name) { row in
                let definition = try BkendWire.TableDefinition(JSON(parsing: row.text(1)))
                defer { last = definition }
                let change = last.map { TableChange(from: $0, to: definition) } ?? TableChange(creating: definition)
                let version = Int(row.int(0))
                return TableVersion(
                    version: version, createdAt: row.text(2), isCurrent: current == version,
                    changes: change.changes.isEmpty ? ["created again"] : change.changes, definition: definition)
            }
            if versions.isEmpty { throw Self.noTable(name) }
            return versions
        }
    }

    /// Puts an earlier definition in force again, as a new version. Records stay as they are.
    ///
    /// - Throws: `OperatorError` when there is no such table or version, or the records don't allow its indexes.
    package func rollBack(_ name: String, to version: Int) throws -> TableChange {
        _ = try table(name)
        guard let old = try versions(of: name).first(where: { $0.version == version }) else {
            throw OperatorError(
                "the table \(name) has no version \(version); bkend-server table versions shows them", .missing)
        }
        // What a definition didn't say when it was in force, it doesn't ask for now.
        let changes = try apply(["tables": [.object(old.definition.json)]], clientKeys: .declines)
        return changes.first ?? TableChange(table: name, changes: [])
    }

    /// Drops a table with its records and indexes. Its versions stay, and go on if one of that name is made again.
    ///
    /// - Returns: how many records went.
    /// - Throws: `OperatorError` when there is none of that name.
    package func drop(_ name: String) throws -> Int {
        try engine.writeNow(locking: [.definitions]) { session in
            guard let table = try session.table(name) else { throw Self.noTable(name) }
            let records = try session.total(of: table)
            try TableStore.drop(table, in: session)
            return records
        }
    }

    static func noTable(_ name: String) -> OperatorError {
        OperatorError("there is no table \(name); bkend-server table list shows those there are", .missing)
    }
}
