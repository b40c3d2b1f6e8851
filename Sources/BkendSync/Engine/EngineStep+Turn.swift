import BkendWire

/// What the push asks of the turn.
extension EngineStep {
    var maySend: Bool { turn.maySend }

    func send(
        _ errand: Errand, _ operation: SyncRequest.Operation, body: [UInt8]? = nil, entries: [Int64] = []
    ) throws {
        try turn.send(errand, operation, body: body, entries: entries)
    }

    func fail(_ operation: String, table: String? = nil, _ message: String) {
        turn.fail(operation, table: table, message)
    }

    func backoff(_ attempt: Int) -> SyncInstant { turn.backoff(attempt) }

    func later(_ former: RetryWait?) -> RetryWait { turn.later(former) }

    func pageLimit(_ table: String) -> Int { turn.pageLimit(table) }

    func rowLimit(of flight: Flight) -> Int { flight.rowLimit(configuration) }

    func growPages(of table: String) { turn.growPages(of: table) }

    func shrinkPages(of table: String, from rows: Int, to error: ErrorBody) -> Bool {
        turn.shrinkPages(of: table, from: rows, to: error)
    }

    /// The answer to a list of so many entries' records was lost: the next is shorter where it happened before.
    func shrinkPages(of table: String, for sequences: [Int64]) {
        if sequences.contains(where: { state.push.entries[$0].wait?.attempts ?? 0 > 0 }) {
            turn.shrinkPages(of: table, from: sequences.count)
        }
    }

    func baseUpdatedAt(_ table: String, _ id: String) throws -> String? { try tx.baseUpdatedAt(table, id) }
}
