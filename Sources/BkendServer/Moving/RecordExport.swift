import BkendDocuments
import BkendStorage
import BkendWire
import Foundation

/// What an export wrote of a table.
package struct ExportedTable: Hashable, Sendable {
    /// The table.
    package let name: String
    /// How many records.
    package let records: Int
    /// The file, nil for standard output.
    package let file: String?
    /// Its size in bytes.
    package let bytes: Int
}

extension EnvironmentStore {
    /// Writes tables to files of a folder, `TABLE.jsonl` with a record a line as it is stored, and `tables.json` that
    /// `apply` takes: all of one moment, while others write.
    ///
    /// - Parameters:
    ///   - names: the tables; all when empty.
    ///   - progress: called from time to time with the number of records that were written, and of all.
    /// - Throws: `OperatorError` when there is no such table, or a file is there already.
    package func export(
        _ names: [String], to folder: String, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> [ExportedTable] {
        try PrivateFile.makeFolder(folder)
        return try engine.readNow { session in
            let tables = try Self.chosen(names, session)
            let definitions = try OutputFile(folder + "/tables.json")
            let json: JSON = [
                "tables": .array(try tables.map { .object(try Self.definition(of: $0, in: session).json) })
            ]
            try definitions.write(json.serialized() + [0x0A])
            let files = try tables.map { try OutputFile("\(folder)/\($0.name).jsonl") }
            let all = try tables.reduce(0) { try $0 + session.total(of: $1) }
            var before = 0
            let exported = try zip(tables, files).map { table, file in
                let records = try Self.lines(of: table, in: session, write: file.write) { progress(before + $0, all) }
                before += records
                return ExportedTable(
                    name: table.name, records: records, file: "\(folder)/\(table.name).jsonl", bytes: file.count)
            }
            for file in files { try file.finish() }
            try definitions.finish()
            return exported
        }
    }

    /// Writes a table's records to an open file, a line each.
    ///
    /// - Parameter progress: called from time to time with the number of records that were written, and of all.
    package func export(
        _ name: String, to descriptor: Int32, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> ExportedTable {
        try engine.readNow { session in
            let tables = try Self.chosen([name], session)
            var buffer: [UInt8] = []
            var bytes = 0
            func flush() throws {
                try OutputFile.write(buffer, to: descriptor, path: "the output")
                bytes += buffer.count
                buffer.removeAll(keepingCapacity: true)
            }
            let all = try session.total(of: tables[0])
            let records = try Self.lines(of: tables[0], in: session) {
                buffer.append(contentsOf: $0)
                if buffer.count > 256 * 1024 { try flush() }
            } progress: {
                progress($0, all)
            }
            try flush()
            return ExportedTable(name: name, records: records, file: nil, bytes: bytes)
        }
    }

    /// The definition that makes a table which takes all of these records: it refuses an index of client keys that they
    /// wouldn't fit, since `apply` would add it to the empty table.
    private static func definition(of table: Table, in session: any StorageSession) throws -> BkendWire.TableDefinition
    {
        var definition = table.definition
        if definition.clientKeys == nil, definition.wantsClientKeyIndex,
            try ClientKeySetting.hasObstacle(in: table, in: session)
        {
            definition.clientKeys = false
        }
        return definition
    }

    private static func chosen(_ names: [String], _ session: any StorageSession) throws -> [Table] {
        if names.isEmpty { return try session.tables }
        return try names.map { name in
            guard let table = try session.table(name) else { throw noTable(name) }
            return table
        }
    }

    private static func lines(
        of table: Table, in session: any StorageSession, write: (UnsafeBufferPointer<UInt8>) throws -> Void,
        progress: (Int) -> Void
    ) throws -> Int {
        var records = 0
        let end: [UInt8] = [0x0A]
        try end.withUnsafeBufferPointer { end in
            try session.scan(table) { _, text in
                try write(text)
                try write(end)
                records += 1
                if records.isMultiple(of: 256) { progress(records) }
            }
        }
        return records
    }
}
