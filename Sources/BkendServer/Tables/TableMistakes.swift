import BkendWire

/// Every mistake of a tables file, each with its path; nothing was changed.
package struct TableMistakes: Error, Hashable, CustomStringConvertible {
    /// The mistakes; `field` is the path inside the JSON.
    package let mistakes: [ErrorBody.Detail]

    /// One line a mistake.
    package var description: String { mistakes.map { "\($0.field): \($0.message)" }.joined(separator: "\n") }
}

extension TableMistakes {
    /// The tables of a file.
    ///
    /// - Throws: `TableMistakes` for mistakes in form or meaning.
    static func tables(_ json: JSON) throws(TableMistakes) -> [TableDefinition] {
        let tables: [TableDefinition]
        do throws(TableDefinitionError) { tables = try TableDefinition.tables(json) } catch {
            // What is wrong in the meaning of the other tables is said in the same go.
            let sound = (TableDefinition.definitions(in: json) ?? []).enumerated().compactMap { index, value in
                (try? TableDefinition(value)).map { (index, $0) }
            }
            throw TableMistakes(mistakes: error.mistakes + TableChecks.mistakes(in: sound))
        }
        let mistakes = TableChecks.mistakes(in: tables.enumerated().map { ($0, $1) })
        if !mistakes.isEmpty { throw TableMistakes(mistakes: mistakes) }
        return tables
    }
}
