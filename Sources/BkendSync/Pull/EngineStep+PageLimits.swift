import BkendWire

/// How many rows are asked for at once. A page whose answer was lost twice may be too large for the connection's speed,
/// the deadline or what the client takes: asked for again as it was it would be lost for ever.
extension EngineStep {
    /// The most rows of a table's next page.
    func pageLimit(_ table: String) -> Int { min(state.pageLimits[table] ?? .max, configuration.pageLimit) }

    /// The answer to a question for so many rows was lost again. Once is what networks do.
    func shrinkPages(of table: String, from rows: Int) {
        // Of several that were lost together each says the same.
        if rows > 1 { state.pageLimits[table] = min(pageLimit(table), rows / 2) }
    }

    /// The answer to a list of so many entries' records was lost: the next is shorter where it happened before.
    func shrinkPages(of table: String, for sequences: [Int64]) {
        if sequences.contains(where: { state.push.waits[$0]?.attempts ?? 0 > 0 }) {
            shrinkPages(of: table, from: sequences.count)
        }
    }

    /// A page came; the next may be a little larger.
    func growPages(of table: String) {
        guard let limit = state.pageLimits[table] else { return }
        let next = limit + max(1, limit / 8)
        state.pageLimits[table] = next < configuration.pageLimit ? next : nil
    }
}

extension SyncRequest.Operation {
    /// The most rows that a list asks for, nil for anything else.
    var limit: Int? {
        guard case .list(_, let items) = self else { return nil }
        return items.first { $0.name.hasSameBytes(as: "limit") }.flatMap { Int($0.value) }
    }
}
