import BkendWire
import GRDB

/// A search by the index: which documents may hold the text.
struct SearchAccess {
    let table: String
    /// The FTS5 expression.
    let expression: String
    /// Of how many trigrams it is.
    let trigrams: Int
    /// The fields to look in, as bits by their numbers.
    let mask: Int64

    /// Nil when the index can't tell: the text is too short, or the field lies deeper than the top.
    init?(_ search: Query.Search, index: SearchIndex, hidden: [String]) {
        if let field = search.field, field.utf8.contains(0x2E) { return nil }
        guard let (expression, count) = Trigrams.expression(for: TextFolding.fold(search.text)) else { return nil }
        table = index.table
        self.expression = expression
        trigrams = count
        mask = index.mask(only: search.field.map { Array($0.utf8) }, hidden: hidden.map { Array($0.utf8) })
    }

    /// Selects the rows of documents, each once; takes the expression and the mask.
    var rows: String {
        // One field has one row of a document.
        let distinct = mask & (mask &- 1) == 0 ? "" : "DISTINCT "
        return "SELECT \(distinct)rowid >> 6 AS row FROM \(table) WHERE \(condition)"
    }

    /// The rows of documents, each once; nil when there are that many or more.
    func rows(fewerThan limit: Int, in db: Database) throws -> [Int64]? {
        try db.run(rows + " LIMIT ?") { statement in
            try bind(to: &statement)
            try statement.bind(Int64(limit))
            var found: [Int64] = []
            while try statement.step() { found.append(statement.int(0)) }
            return found.count < limit ? found : nil
        }
    }

    private var condition: String { "\(table) MATCH ? AND (? >> (rowid & 63)) & 1" }

    func bind(to statement: inout RunningStatement) throws {
        try statement.bind(expression)
        try statement.bind(mask)
    }
}
