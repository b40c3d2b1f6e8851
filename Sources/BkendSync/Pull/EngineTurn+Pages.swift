import BkendWire

/// How many rows are asked for at once. A page whose answer was lost twice may be too large for the connection's speed,
/// the deadline or what the client takes, and a server may say that it is too large for itself: asked for again as it was
/// it would never come.
extension EngineTurn {
    /// The most rows of a table's next page.
    func pageLimit(_ table: String) -> Int { shared.tables[table].pageLimit?.rows ?? configuration.pageLimit }

    /// The ids that one list of a table's records names.
    func idBatch(_ ids: [String], of table: String) -> [String] {
        let most = min(shared.tables[table].idLimit ?? configuration.pageLimit, pageLimit(table))
        return IDBatch.prefix(ids, urlLimit: configuration.urlLimit, most: most)
    }

    /// The answer to a question for so many rows was lost again. Once is what networks do.
    mutating func shrinkPages(of table: String, from rows: Int) {
        changePages(of: table) { $0.lost(rows) }
    }

    /// The server answers fewer rows at once than were asked for; false when one row alone was. It isn't waited for: the
    /// next question is another.
    ///
    /// - Parameter rows: how many rows the answer would have had at most.
    mutating func shrinkPages(of table: String, from rows: Int, to error: ErrorBody) -> Bool {
        var isSmaller = false
        changePages(of: table) { isSmaller = $0.refused(rows, named: error.largestLimit) }
        return isSmaller
    }

    /// A page came; the next may be a little larger.
    mutating func growPages(of table: String) {
        if shared.tables[table].pageLimit != nil { changePages(of: table) { $0.came() } }
    }

    private mutating func changePages(of table: String, _ change: (inout PageLimit) -> Void) {
        var limit = shared.tables[table].pageLimit ?? PageLimit(maximum: configuration.pageLimit)
        change(&limit)
        shared.tables[table].pageLimit = limit.isWhole ? nil : limit
    }
}
