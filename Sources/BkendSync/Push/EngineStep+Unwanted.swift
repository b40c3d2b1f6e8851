import BkendDocuments
import BkendWire

/// Rows that should not be on the server: second copies of a create, and rows whose create was cancelled here.
extension EngineStep {
    /// Takes what rows turned out to be, beside being stored.
    func take(_ received: Received, table: String) throws {
        for sequence in received.adopted + received.calledOff { state.push.entries.forget(sequence) }
        for twin in received.twins {
            state.push.guarding.suspect(
                RecordKey(table, twin.id), copyOf: twin.original, isShared: twin.isShared, at: now)
        }
        for id in received.cancelled {
            state.push.guarding.suspect(RecordKey(table, id), copyOf: nil, at: now)
        }
        if !received.malformed.isEmpty { fail("list", table: table, "a row in the response isn't a record") }
    }

    // MARK: Looks

    /// Looks at what is there, by its own route: a list may be narrowed.
    func planLooks() throws {
        var looks = turn.shared.flights.all.count { $0.errand.isLook }
        for suspect in state.push.guarding.due(at: now) {
            guard looks < DeletionGuard.mostLooks, maySend else { return }
            if turn.shared.flights.all.contains(where: { $0.errand.unwanted == suspect.row }) { continue }
            if let why = try reasonToKeep(suspect) {
                try keep(suspect.row, suspect.original, why)
                continue
            }
            looks += 1
            try send(.look(suspect.row), .record(table: suspect.row.table, id: suspect.sight))
        }
    }

    /// Why a second copy stays whatever its original says; nil for no reason.
    private func reasonToKeep(_ suspect: DeletionGuard.Suspect) throws -> String? {
        guard let original = suspect.original else { return nil }
        if try tx.isCalledOff(suspect.row.table, original) { return "the record was recreated and is back" }
        if try tx.alias(original) != nil { return "the record is being recreated" }
        return nil
    }

    func looked(_ key: RecordKey, _ verdict: Verdict, _ flight: Flight) throws {
        guard let suspect = state.push.guarding.suspects[key] else { return }
        if suspect.isOriginalGone != nil { return try readCopy(suspect, verdict) }
        let sight: UnwantedEvidence.Sight
        switch verdict {
        case .done(.record(let row)):
            let isCopy = suspect.original != nil
            // The row with the create's key may be the record before it was made again: imported anew, say, and changed.
            if try isCopy && tx.wasMadeAgain(row, table: key.table) {
                return try keep(key, suspect.original, "the record was recreated")
            }
            let bearsKey = try isCopy ? tx.bearsItsKey(row, table: key.table) : tx.isCancelled(row, table: key.table)
            sight = bearsKey ? .present : .changed
        case .missing: sight = .missing
        case .denied, .rejected, .tableRefused: sight = .hidden
        default: return state.push.guarding.wait(key, until: backoff(suspect.attempts + 1))
        }
        let decision = state.push.guarding.looked(
            at: key, sight, sentAt: flight.sentAt, interval: configuration.pollFloor,
            limit: configuration.massRemovalFloor, by: rules.unwantedFate)
        switch decision {
        case .lookAgain, .adopt: break
        case .delete(let deletion): try send(deletion)
        case .keep(let why): try keep(key, suspect.original, why)
        case .keepAll: try keepAll(key.table)
        case .leave:
            state.push.guarding.forget(key)
            readAgain(key.table)
        }
    }

    // MARK: New ids

    /// The original is gone, or is another record: the row with the key is the record, as it is now.
    private func readCopy(_ suspect: DeletionGuard.Suspect, _ verdict: Verdict) throws {
        let key = suspect.row
        switch verdict {
        case .done(.record(let row)):
            guard let original = suspect.original,
                try tx.original(ofCopy: row, table: key.table)?.hasSameBytes(as: original) == true
            else { break }
            // What is on its way to the former id is answered first.
            let lane = try tx.entries(of: key.table, original).map(\.sequence)
            if !turn.shared.flights.entries.isDisjoint(with: lane) {
                return state.push.guarding.wait(key, until: now.advanced(by: Backoff.floor), failed: false)
            }
            for sequence in lane { state.push.entries[sequence].copy = nil }
            try tx.readopt(original, as: row, table: key.table, isGone: suspect.isOriginalGone == true)
        case .missing: break
        case .denied, .rejected, .tableRefused: return try keep(key, suspect.original, "this user can't read the copy")
        default: return state.push.guarding.wait(key, until: backoff(suspect.attempts + 1))
        }
        state.push.guarding.forget(key)
        readAgain(key.table)
    }

    // MARK: The end

    /// Deletes a row on the server that no entry asks to delete. Nothing else does; the app is told before.
    private func send(_ deletion: OwnDeletion) throws {
        guard maySend else { return state.push.guarding.wait(deletion.row, until: now, failed: false) }
        if try twinReport(of: deletion.row) == nil {
            var detail: JSONObject = ["copy": .string(deletion.row.id), "becomes": "deleted"]
            detail["original"] = deletion.original.map(JSON.string)
            try tx.report("twin", deletion.row.table, deletion.original ?? deletion.row.id, detail: detail)
        }
        try send(.unwanted(deletion), .delete(table: deletion.row.table, id: deletion.row.id))
    }

    func unwantedDeleted(_ deletion: OwnDeletion, _ verdict: Verdict) throws {
        let row = deletion.row
        switch verdict {
        case .done, .missing:
            if let told = try twinReport(of: row) { try tx.acknowledge(told) }
            try tx.report(
                "twinDeleted", row.table, deletion.original ?? row.id, detail: ["deleted": .string(row.id)])
            state.push.guarding.count(row, at: now)
        case .denied(let error), .rejected(let error), .tableRefused(let error):
            try keep(row, deletion.original, error.message)
        default:
            let attempts = state.push.guarding.suspects[row]?.attempts ?? 0
            state.push.guarding.wait(row, until: backoff(attempts + 1))
        }
    }

    /// It stays on the server, is shown like any record, and the app is told.
    private func keep(_ row: RecordKey, _ original: String?, _ why: String) throws {
        state.push.guarding.forget(row)
        try tx.keepTwin(row.table, row.id)
        if let told = try twinReport(of: row) { try tx.acknowledge(told) }
        var detail: JSONObject = ["copy": .string(row.id), "reason": .string(why)]
        detail["original"] = original.map(JSON.string)
        try tx.report("twin", row.table, original ?? row.id, detail: detail)
        readAgain(row.table)
    }

    /// All second copies of a table stay, and the app is told once.
    private func keepAll(_ table: String) throws {
        let rows = state.push.guarding.doomed(table)
        for row in rows {
            state.push.guarding.count(row, at: now)
            try tx.keepTwin(table, row.id)
        }
        try tx.report(
            "twins", table, "",
            detail: [
                "copies": .array(rows.map { .string($0.id) }),
                "reason": "there are too many second copies at once for this device to have made them",
            ])
        readAgain(table)
    }

    /// The number of the report that a row is to be deleted, nil when the app wasn't told, or has acknowledged it.
    private func twinReport(of row: RecordKey) throws -> Int64? {
        try tx.reports().first { report in
            report.kind == "twin" && report.table.hasSameBytes(as: row.table) && report.detail["becomes"] != nil
                && report.detail["copy"]?.stringValue?.hasSameBytes(as: row.id) == true
        }?.number
    }

    /// What was passed over is shown now.
    private func readAgain(_ table: String) {
        turn.note(.shown(table: table))
    }
}
