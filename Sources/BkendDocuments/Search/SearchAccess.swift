import BkendWire

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

    /// Selects something for each entry; takes the expression, the mask and a limit.
    var probe: String { "SELECT 1 FROM \(table) WHERE \(condition) LIMIT ?" }

    private var condition: String { "\(table) MATCH ? AND (? >> (rowid & 63)) & 1" }

    func bind(to statement: inout RunningStatement) throws {
        try statement.bind(expression)
        try statement.bind(mask)
    }
}
