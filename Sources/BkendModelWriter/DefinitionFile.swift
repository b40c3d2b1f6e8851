import BkendWire
import Foundation

/// Definitions of tables in a file: what `bkend-server apply` takes, what a server answers for a table's spec, or what
/// `bkend-server table show --json` prints.
package struct DefinitionFile {
    /// The tables, in the file's order.
    package let tables: [TableDefinition]
    private let place: String

    /// Reads a file.
    ///
    /// - Throws: `ModelFailure` when it can't be read, or holds no definitions.
    package init(path: String) throws(ModelFailure) {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ModelFailure(.missing, "\(path) can't be read")
        }
        try self.init([UInt8](bytes), place: path)
    }

    /// Reads the content of a file.
    ///
    /// - Parameter place: where it comes from, for errors.
    package init(_ bytes: [UInt8], place: String) throws(ModelFailure) {
        self.place = place
        do {
            let json = try JSON(parsing: bytes)
            // What `bkend-server table show --json` prints holds the definition.
            tables = try TableDefinition.tables(json["definition"].map { ["tables": [$0]] } ?? json)
        } catch let error as JSONError {
            throw ModelFailure(.data, "\(place) isn't JSON: \(error)")
        } catch {
            throw ModelFailure(.data, "\(place): \(error)")
        }
    }

    /// The tables of these names; all when none is named.
    ///
    /// - Throws: `ModelFailure` for one that the file doesn't define.
    package func tables(named names: [String]) throws(ModelFailure) -> [TableDefinition] {
        try tables.chosen(names, from: place)
    }
}

extension [TableDefinition] {
    /// Those of these names, in the names' order; all when none is named.
    ///
    /// - Parameter place: where they come from, for the error.
    /// - Throws: `ModelFailure` for a name that none of them has.
    package func chosen(_ names: [String], from place: String) throws(ModelFailure) -> [TableDefinition] {
        if names.isEmpty { return self }
        var found: [TableDefinition] = []
        for name in names {
            guard let table = first(where: { $0.name.hasSameBytes(as: name) }) else {
                throw ModelFailure(.missing, "\(place) defines no table \(name)")
            }
            found.append(table)
        }
        return found
    }
}
