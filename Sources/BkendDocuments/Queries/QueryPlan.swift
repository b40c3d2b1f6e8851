/// How a query runs, for tests, logs and people who wonder why it is slow.
package struct QueryPlan: Hashable, Sendable, CustomStringConvertible {
    /// Where the documents come from.
    package enum Source: Hashable, Sendable {
        /// No document can match.
        case nothing
        /// Looked up by id.
        case ids(count: Int)
        /// An index's entries: the index's name, and in how many ranges of its keys.
        case index(String, ranges: Int)
        /// The search index, asked for that many runs of three letters.
        case search(trigrams: Int)
        /// The documents in the order of their ids, perhaps between two ids.
        case idOrder(bounded: Bool)
        /// Every document.
        case scan
    }

    /// Where the documents come from.
    package var source: Source
    /// How many of the filter's operators the source answers.
    package var served: Int
    /// Whether each document is read and tried on the filter or search.
    package var rechecks: Bool
    /// Whether the documents must be sorted, because the source doesn't have the order asked for.
    package var sorts: Bool
    /// Whether every document or index entry may have to be looked at.
    package var isFullScan: Bool
    /// The statement that finds the rows.
    package var sql: String

    /// The index's name, where one is used.
    package var index: String? { if case .index(let name, _) = source { name } else { nil } }

    /// One line; a full scan is marked as a warning.
    package var description: String {
        var parts: [String]
        switch source {
        case .nothing: parts = ["nothing can match"]
        case .ids(let count): parts = ["look up \(count) ids"]
        case .index(let name, let ranges): parts = ["index \(name), \(ranges) range\(ranges == 1 ? "" : "s")"]
        case .search(let trigrams): parts = ["search index, \(trigrams) trigram\(trigrams == 1 ? "" : "s")"]
        case .idOrder(let bounded): parts = [bounded ? "a range of ids" : "all documents by id"]
        case .scan: parts = ["all documents"]
        }
        if rechecks { parts.append("each document is tried") }
        if sorts { parts.append("sorted afterwards") }
        if isFullScan { parts.append("WARNING: full scan") }
        return parts.joined(separator: "; ")
    }
}
