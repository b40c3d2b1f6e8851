import BkendDocuments
import BkendStorage
import BkendWire

/// An environment's own promises: definitions that can be read, versions without a gap, indexes and counts that agree
/// with the records, system fields as rest-api.md §3 has them.
struct EnvironmentCheck {
    let file: String
    let report: FolderCheck.Report
    /// Called from time to time with the number of records that were looked at.
    var progress: (Int) -> Void = { _ in }

    /// - Returns: how many records were looked at.
    func run(_ database: SQLiteFile) throws -> Int {
        guard let format = try database.tableFormat() else { return 0 }
        // An older one is brought up to date when it is opened; what is looked at here it has already.
        guard format <= SQLiteFile.newestTableFormat else {
            let message = "has format \(format), newer than this bkend-server checks (\(SQLiteFile.newestTableFormat))"
            try report(FolderFinding(.file, file, message))
            return 0
        }
        var records = 0
        var names: Set<ExactString> = []
        try database.session.read(TableSQL.current, []) { row in
            let (name, version, text) = (row.text(0), Int(row.int(1)), row.text(2))
            names.insert(ExactString(name))
            let definition = try definition(text, of: name)
            try checkVersions(of: name, current: version, definition: text, in: database.session)
            guard let collection = try database.collection(name) else {
                try report(FolderFinding(.definition, file, table: name, "the table has no collection of records"))
                return true
            }
            if let definition { try checkIndexes(of: collection, definition) }
            try check(collection, in: database) {
                records += 1
                if records.isMultiple(of: 256) { progress(records) }
            }
            return true
        }
        for name in try database.collectionNames() where !names.contains(ExactString(name)) {
            try report(FolderFinding(.definition, file, table: name, "the collection belongs to no table"))
        }
        return records
    }

    private func definition(_ text: String, of name: String) throws -> BkendWire.TableDefinition? {
        do {
            let definition = try BkendWire.TableDefinition(JSON(parsing: text))
            if definition.name.hasSameBytes(as: name) { return definition }
            try report(
                FolderFinding(.definition, file, table: name, "the definition is that of \(definition.name)"))
        } catch is JSONError {
            try report(FolderFinding(.definition, file, table: name, "the definition is no JSON"))
        } catch let error as TableDefinitionError {
            try report(FolderFinding(.definition, file, table: name, "the definition can't be read: \(error)"))
        }
        return nil
    }

    private func checkVersions(of name: String, current: Int, definition: String, in session: any SQLSession) throws {
        let rows = try session.all(TableSQL.versions, name) { (version: Int($0.int(0)), definition: $0.text(1)) }
        let versions = rows.map(\.version)
        if versions != Array(1...max(1, current)) {
            let found = versions.map { "\($0)" }.joined(separator: ", ")
            try report(
                FolderFinding(.version, file, table: name, "the versions should be 1 to \(current), they are \(found)"))
        }
        guard let last = rows.last, last.version == current else { return }
        if !last.definition.hasSameBytes(as: definition) {
            try report(
                FolderFinding(.version, file, table: name, "the definition in force is not that of version \(current)"))
        }
    }

    private func checkIndexes(of collection: Collection, _ definition: BkendWire.TableDefinition) throws {
        let (wanted, found) = (definition.storedIndexes, collection.indexes)
        for index in wanted where !found.contains(index) {
            try report(FolderFinding(.index, file, table: definition.name, "the index \(index.name) is missing"))
        }
        for index in found where !wanted.contains(index) {
            try report(
                FolderFinding(.index, file, table: definition.name, "the index \(index.name) is in no definition"))
        }
        if collection.isSearchable != definition.searchIndex {
            try report(FolderFinding(.index, file, table: definition.name, "the search index is not as defined"))
        }
    }

    private func check(_ collection: Collection, in database: SQLiteFile, counted: () -> Void) throws {
        let table = collection.name
        try database.check(collection) { finding in
            let kind: FolderFinding.Kind =
                switch finding.kind {
                case .document: .record
                case .index: .index
                case .count: .count
                }
            try report(FolderFinding(kind, file, table: table, id: finding.id, finding.message))
        } visit: { id, text in
            counted()
            guard let record = (try? JSON(parsing: text))?.objectValue else { return }
            for flaw in Self.flaws(of: record) {
                try report(FolderFinding(.record, file, table: table, id: id, flaw))
            }
        }
    }

    /// What is wrong with a record's system fields; `id` itself is the collection's to check.
    private static func flaws(of record: JSONObject) -> [String] {
        var flaws: [String] = []
        if record["createdBy"]?.stringValue == nil { flaws.append("createdBy is no string") }
        for name in ["createdAt", "updatedAt"] {
            guard let text = record[name]?.stringValue,
                Timestamp(text)?.description.hasSameBytes(as: text) == true
            else {
                flaws.append("\(name) is no date in the stored form")
                continue
            }
        }
        return flaws
    }
}
