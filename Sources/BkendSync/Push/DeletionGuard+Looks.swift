import BkendWire

/// Looks at rows that should not be on the server: second copies of a create, and rows whose create was cancelled here.
extension DeletionGuard {
    /// Looks at what is there, by its own route: a list may be narrowed.
    mutating func plan(_ turn: inout EngineTurn<some TwinStore>) throws {
        var looks = turn.shared.flights.all.count { $0.errand.isLook }
        for suspect in due(at: turn.now) {
            guard looks < Self.mostLooks, turn.maySend else { return }
            if turn.shared.flights.all.contains(where: { $0.errand.unwanted == suspect.row }) { continue }
            if let why = try reasonToKeep(suspect, turn.store) {
                try keep(suspect.row, suspect.original, why, &turn)
                continue
            }
            looks += 1
            try turn.send(.look(suspect.row), .record(table: suspect.row.table, id: suspect.sight))
        }
    }

    /// Why a second copy stays whatever its original says; nil for no reason.
    private func reasonToKeep(_ suspect: Suspect, _ store: some TwinStore) throws -> String? {
        guard let original = suspect.original else { return nil }
        if try store.isCalledOff(suspect.row.table, original) { return "the record was recreated and is back" }
        if try store.hasAlias(original) { return "the record is being recreated" }
        return nil
    }

    mutating func looked(
        _ key: RecordKey, _ verdict: Verdict, _ flight: Flight, _ turn: inout EngineTurn<some TwinStore>
    ) throws {
        guard let suspect = suspects[key] else { return }
        if suspect.isOriginalGone != nil { return try readCopy(suspect, verdict, &turn) }
        let sight: UnwantedEvidence.Sight
        switch verdict {
        case .done(.record(let row)):
            let isCopy = suspect.original != nil
            // The row with the create's key may be the record before it was made again: imported anew, say, and changed.
            if try isCopy && turn.store.wasMadeAgain(row, table: key.table) {
                sight = .recreated
            } else {
                let bearsKey =
                    try isCopy
                    ? turn.store.bearsItsKey(row, table: key.table) : turn.store.isCancelled(row, table: key.table)
                sight = bearsKey ? .present : .changed
            }
        case .missing: sight = .missing
        case .denied, .rejected, .tableRefused: sight = .hidden
        default: return wait(key, until: turn.backoff(suspect.attempts + 1))
        }
        let decision = looked(
            at: key, sight, sentAt: flight.sentAt, interval: turn.configuration.pollFloor,
            limit: turn.configuration.massRemovalFloor, by: turn.rules.unwantedFate)
        switch decision {
        case .lookAgain, .adopt: break
        case .delete(let deletion): try send(deletion, &turn)
        case .keep(let why): try keep(key, suspect.original, why, &turn)
        case .keepAll: try keepAll(key.table, &turn)
        case .leave:
            forget(key)
            turn.note(.shown(table: key.table))
        }
    }

    // MARK: New ids

    /// The original is gone, or is another record: the row with the key is the record, as it is now.
    private mutating func readCopy(_ suspect: Suspect, _ verdict: Verdict, _ turn: inout EngineTurn<some TwinStore>)
        throws
    {
        let key = suspect.row
        switch verdict {
        case .done(.record(let row)):
            guard let original = suspect.original,
                try turn.store.original(ofCopy: row, table: key.table)?.hasSameBytes(as: original) == true
            else { break }
            // A write of the record may have found out meanwhile that it is gone, and is to make it again.
            if let why = try reasonToKeep(suspect, turn.store) { return try keep(key, original, why, &turn) }
            // What is on its way to the former id is answered first.
            let lane = try turn.store.entries(of: key.table, original).map(\.sequence)
            if !turn.shared.flights.entries.isDisjoint(with: lane) {
                return wait(key, until: turn.now.advanced(by: Backoff.floor), failed: false)
            }
            turn.note(.renamed(entries: lane))
            try turn.store.readopt(original, as: row, table: key.table, isGone: suspect.isOriginalGone == true)
        case .missing: break
        case .denied, .rejected, .tableRefused:
            return try keep(key, suspect.original, "this user can't read the copy", &turn)
        default: return wait(key, until: turn.backoff(suspect.attempts + 1))
        }
        forget(key)
        turn.note(.shown(table: key.table))
    }

    // MARK: The end

    /// Deletes a row on the server that no entry asks to delete. Nothing else does; the app is told before.
    private mutating func send(_ deletion: OwnDeletion, _ turn: inout EngineTurn<some TwinStore>) throws {
        guard turn.maySend else { return wait(deletion.row, until: turn.now, failed: false) }
        if try turn.store.twinReport(of: deletion.row) == nil {
            var detail: JSONObject = ["copy": .string(deletion.row.id), "becomes": "deleted"]
            detail["original"] = deletion.original.map(JSON.string)
            try turn.store.report("twin", deletion.row.table, deletion.original ?? deletion.row.id, detail: detail)
        }
        try turn.send(.unwanted(deletion), .delete(table: deletion.row.table, id: deletion.row.id))
    }

    mutating func deleted(_ deletion: OwnDeletion, _ verdict: Verdict, _ turn: inout EngineTurn<some TwinStore>) throws
    {
        let row = deletion.row
        switch verdict {
        case .done, .missing:
            if let told = try turn.store.twinReport(of: row) { try turn.store.acknowledge(told) }
            try turn.store.report(
                "twinDeleted", row.table, deletion.original ?? row.id, detail: ["deleted": .string(row.id)])
            count(row, at: turn.now)
        case .denied(let error), .rejected(let error), .tableRefused(let error):
            try keep(row, deletion.original, error.message, &turn)
        default:
            let attempts = suspects[row]?.attempts ?? 0
            wait(row, until: turn.backoff(attempts + 1))
        }
    }

    /// It stays on the server, is shown like any record, and the app is told.
    private mutating func keep(
        _ row: RecordKey, _ original: String?, _ why: String, _ turn: inout EngineTurn<some TwinStore>
    ) throws {
        forget(row)
        try turn.store.keepTwin(row.table, row.id)
        if let told = try turn.store.twinReport(of: row) { try turn.store.acknowledge(told) }
        var detail: JSONObject = ["copy": .string(row.id), "reason": .string(why)]
        detail["original"] = original.map(JSON.string)
        try turn.store.report("twin", row.table, original ?? row.id, detail: detail)
        turn.note(.shown(table: row.table))
    }

    /// All second copies of a table stay, and the app is told once.
    private mutating func keepAll(_ table: String, _ turn: inout EngineTurn<some TwinStore>) throws {
        let rows = doomed(table)
        for row in rows {
            count(row, at: turn.now)
            try turn.store.keepTwin(table, row.id)
        }
        try turn.store.report(
            "twins", table, "",
            detail: [
                "copies": .array(rows.map { .string($0.id) }),
                "reason": "there are too many second copies at once for this device to have made them",
            ])
        turn.note(.shown(table: table))
    }
}

extension TwinStore {
    /// The number of the report that a row is to be deleted, nil when the app wasn't told, or has acknowledged it.
    fileprivate func twinReport(of row: RecordKey) throws -> Int64? {
        try reports(after: 0).first { report in
            report.kind == "twin" && report.table.hasSameBytes(as: row.table) && report.detail["becomes"] != nil
                && report.detail["copy"]?.stringValue?.hasSameBytes(as: row.id) == true
        }?.number
    }
}
