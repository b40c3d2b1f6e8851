import BkendDocuments
import BkendWire

/// Rows that should not be on the server: second copies of a create, and rows whose create was cancelled here.
extension EngineStep {
    /// Takes what rows turned out to be, beside being stored.
    func take(_ received: Received, table: String) throws {
        for sequence in received.adopted + received.calledOff { state.push.forget(sequence) }
        for twin in received.twins { try remove(table, twin.id, copyOf: twin.original) }
        for id in received.cancelled { try remove(table, id, copyOf: nil) }
        if !received.malformed.isEmpty { fail("list", table: table, "a row of the answer is no record") }
    }

    private func remove(_ table: String, _ id: String, copyOf original: String?) throws {
        let isAsked = state.flights.contains { item in
            if case .unwanted(table, id, _) = item.flight.errand { true } else { false }
        }
        if isAsked { return }
        // A record that several devices made again under one key: if each deleted the other's, all would be gone. The
        // least id stays everywhere.
        if let original, try isSharedKey(table, original), id.precedesInBytes(original) {
            return try keep(table, id, original, "another device made the record again")
        }
        if let original, try tx.isCalledOff(table, original) {
            return try keep(table, id, original, "the record was made again and is back")
        }
        guard maySend else { return }
        try send(.unwanted(table: table, id: id, original: original), .delete(table: table, id: id))
    }

    private func isSharedKey(_ table: String, _ original: String) throws -> Bool {
        guard let text = try tx.base(table, original)?.bytes else { return false }
        return try JSON(parsing: text)[OutboxEntry.clientKeyField]?.stringValue?.utf8.starts(with: "re-".utf8) ?? false
    }

    func unwantedDeleted(_ table: String, _ id: String, _ original: String?, _ verdict: Verdict) throws {
        switch verdict {
        case .done, .missing:
            try tx.report(
                "twinDeleted", table, original ?? id, detail: ["deleted": .string(id)])
        case .denied(let error), .rejected(let error), .tableRefused(let error):
            try keep(table, id, original, error.message)
        // It is met again by the next comparison.
        default: break
        }
    }

    /// It stays on the server, is shown like any record, and the app is told.
    private func keep(_ table: String, _ id: String, _ original: String?, _ why: String) throws {
        try tx.keepTwin(table, id)
        var detail: JSONObject = ["copy": .string(id), "reason": .string(why)]
        detail["original"] = original.map(JSON.string)
        try tx.report("twin", table, original ?? id, detail: detail)
        for pull in state.pulls.values.sorted(by: { $0.number < $1.number }) where pull.query.table == table {
            state.pulls[pull.number]?.mustRead = true
        }
    }
}
