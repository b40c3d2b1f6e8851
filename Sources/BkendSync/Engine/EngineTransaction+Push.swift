import BkendWire

extension EngineTransaction: PushStore {
    var newestEntry: Int64 { get throws { try store.queue.newestEntry } }

    func entry(_ sequence: Int64) throws -> OutboxEntry? { try store.outbox.entry(sequence) }

    func entries(
        table: String?, state: OutboxEntry.State?, after sequence: Int64, limit: Int
    ) throws -> [OutboxEntry] {
        try store.outbox.entries(table: table, state: state, after: sequence, limit: limit)
    }

    func sendable(limit: Int, skipping: [SendableSkip]) throws -> [OutboxEntry] {
        try store.queue.sendable(limit: limit, skipping: skipping)
    }

    func hasOthersWaiting(beside entry: OutboxEntry) throws -> Bool { try store.queue.hasOthersWaiting(beside: entry) }

    func hasQueued(_ table: String, _ kind: OutboxEntry.Kind, after sequence: Int64) throws -> Bool {
        try store.queue.hasQueued(table, kind, after: sequence)
    }

    func isKnown(_ table: String, _ id: String) throws -> Bool { try store.documents.document(table, id) != nil }

    func baseText(_ table: String, _ id: String) throws -> [UInt8]? { try store.documents.base(table, id)?.bytes }

    // MARK: States

    func markInFlight(_ sequence: Int64, body: [UInt8], epoch: Int64, user: String) throws {
        try store.sending.markInFlight(sequence, body: body, epoch: epoch, user: user)
    }

    func markAmbiguous(_ sequence: Int64, _ failure: EntryFailure?) throws {
        try store.sending.markAmbiguous(sequence, failure)
    }

    func markUnresolved(_ sequence: Int64, _ failure: EntryFailure?) throws {
        try store.sending.markUnresolved(sequence, failure)
    }

    func requeue(_ sequence: Int64, after failure: EntryFailure?) throws {
        try store.sending.requeue(sequence, after: failure)
    }

    func fail(_ sequence: Int64, because failure: EntryFailure) throws {
        try store.sending.fail(sequence, because: failure)
    }

    // MARK: What the server did

    func adopt(_ sequence: Int64, row: [UInt8]) throws -> Bool { try store.adopting.adopt(sequence, row: row) }

    func completeUpdate(_ sequence: Int64, row: [UInt8]) throws -> Bool {
        try store.answers.completeUpdate(sequence, row: row)
    }

    func completeDelete(_ sequence: Int64) throws -> Bool { try store.answers.completeDelete(sequence) }

    func rebase(_ sequence: Int64, onto row: [UInt8], fields: JSONObject) throws {
        try store.answers.rebase(sequence, onto: row, fields: fields)
    }

    func retakeImage(ofDelete sequence: Int64, row: [UInt8]) throws {
        try store.answers.retakeImage(ofDelete: sequence, row: row)
    }

    func recreate(_ table: String, _ id: String) throws -> Bool { try store.recreating.recreate(table, id) }

    func gone(_ table: String, _ id: String) throws -> [OutboxEntry] { try store.answers.gone(table, id) }
}

extension EngineTransaction: SpecStore {
    func tablesToLearn() throws -> [String] { try store.subscriptions.tablesToLearn() }

    func facts(of table: String) throws -> TableFacts? { try store.facts.of(table) }

    func setFacts(_ facts: TableFacts, of table: String) throws { try store.setFacts(facts, of: table) }
}

extension EngineTransaction: TwinStore {
    func isCalledOff(_ table: String, _ id: String) throws -> Bool { try store.recreating.isCalledOff(table, id) }

    func hasAlias(_ id: String) throws -> Bool { try store.aliases.alias(id) != nil }

    func wasMadeAgain(_ row: AnswerRow, table: String) throws -> Bool { try store.keys.wasMadeAgain(row, table: table) }

    func bearsItsKey(_ row: AnswerRow, table: String) throws -> Bool { try store.keys.bearsItsKey(row, table: table) }

    func isCancelled(_ row: AnswerRow, table: String) throws -> Bool { try store.keys.isCancelled(row, table: table) }

    func original(ofCopy row: AnswerRow, table: String) throws -> String? {
        try store.keys.original(ofCopy: row, table: table)
    }

    func entries(of table: String, _ id: String) throws -> [OutboxEntry] { try store.outbox.entries(of: table, id) }

    func readopt(_ original: String, as row: AnswerRow, table: String, isGone: Bool) throws {
        try store.adopting.readopt(original, as: row, table: table, isGone: isGone)
    }

    func keepTwin(_ table: String, _ id: String) throws { try store.keys.keepTwin(table, id) }

    func reports(after number: Int64) throws -> [SyncReport] { try store.reports.all(after: number) }

    func acknowledge(_ number: Int64) throws { try store.reports.acknowledge(number) }
}
