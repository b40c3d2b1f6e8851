import BkendWire

/// The types that somebody chose for tables, as `people=Person`.
package struct ModelNames: Sendable {
    /// The type's name by the table's.
    package private(set) var types: [String: String] = [:]

    /// - Parameter pairs: a table and a type each, with `=` between them.
    /// - Throws: `ModelFailure` for a type that Swift or Bkend needs, and for a table or type that is named twice.
    package init(_ pairs: [String]) throws(ModelFailure) {
        var known: Set<String> = []
        for pair in pairs {
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, Self.isType(parts[1]) else {
                throw ModelFailure(
                    .usage, "--name is a table and a type that isn't one of Swift's or Bkend's: people=Person")
            }
            guard types.updateValue(parts[1], forKey: parts[0]) == nil, known.insert(parts[1]).inserted else {
                throw ModelFailure(.usage, "each --name is another table and another type")
            }
        }
    }

    private static func isType(_ name: String) -> Bool {
        guard let first = name.first, first.isASCII, first.isLetter else { return false }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            && !SwiftName.types.contains(name) && !SwiftName.isKeyword(name)
    }

    /// The text of a Swift file with the models of tables; see `ModelWriter`.
    ///
    /// - Throws: `ModelFailure` for a name of a table that isn't among them.
    package func text(
        of tables: [TableDefinition], access: ModelWriter.Access = .internal
    ) throws(ModelFailure) -> String {
        for table in types.keys.sorted() where !tables.contains(where: { $0.name.hasSameBytes(as: table) }) {
            throw ModelFailure(.usage, "--name is about the table \(table), which isn't among those to write")
        }
        return ModelWriter.text(tables, access: access, names: types)
    }
}
