import BkendWire

@testable import BkendSync

/// The store as the machines see it, in memory: what a test puts in, and what the machines change.
final class MemoryStore {
    var owner = "ann"
    var mark: Int64 = 0
    var subscriptions: [Subscription] = []
    var members: [Int64: [String]] = [:]
    /// The `updatedAt` of records that the server has shown.
    var bases: [String: String] = [:]
    /// When the writes of records were last answered.
    var settled: [String: Int64] = [:]
    /// What the rows of the next page turn out to be.
    var received = Received()
    var outbox: [OutboxEntry] = []
    var facts: [String: TableFacts] = [:]
    var told: [SyncReport] = []
    var kept: [String: String] = [:]
    /// The record that rows with a key are copies of.
    var original: String?
    /// Records that are being made again.
    var recreated: Set<String> = []
    /// What was changed, in order.
    private(set) var changes: [String] = []

    private func change(_ what: String) { changes.append(what) }

    /// What was changed since it was asked last.
    func takeChanges() -> [String] {
        defer { changes = [] }
        return changes
    }

    private func set(_ sequence: Int64, _ state: OutboxEntry.State) {
        for index in outbox.indices where outbox[index].sequence == sequence { outbox[index].state = state }
    }

    private func remove(_ sequence: Int64) -> Bool {
        let count = outbox.count
        outbox.removeAll { $0.sequence == sequence }
        return outbox.count < count
    }
}

extension MemoryStore: PullStore {
    func subscriptions(of table: String?) -> [Subscription] {
        subscriptions.filter { table == nil || $0.table == table }
    }

    func subscription(_ number: Int64) -> Subscription? { subscriptions.first { $0.number == number } }

    func setProgress(_ progress: PullProgress, of number: Int64) {
        for index in subscriptions.indices where subscriptions[index].number == number {
            subscriptions[index].progress = progress
        }
    }

    func isMember(_ id: String, of number: Int64) -> Bool { members[number]?.contains(id) ?? false }

    func baseUpdatedAt(_ table: String, _ id: String) -> String? { bases[id] }

    func receive(
        _ rows: [AnswerRow], table: String, subscription: Int64?, askedAt mark: Int64?, isFresh: Bool
    ) -> Received {
        var received = received
        self.received = Received()
        let doubtful = received.setAside + received.shadowed
        for row in rows where !doubtful.contains(row.id) {
            if bases[row.id] != row.updatedAt { received.changed += 1 }
            bases[row.id] = row.updatedAt
            if let subscription, !isMember(row.id, of: subscription) {
                members[subscription, default: []].append(row.id)
                members[subscription]?.sort()
            }
        }
        return received
    }

    func report(_ kind: String, _ table: String, _ record: String, detail: JSONObject) -> Int64 {
        let number = Int64(told.count + 1)
        told.append(SyncReport(number: number, kind: kind, table: table, record: record, detail: detail))
        change("report \(kind) \(record)")
        return number
    }

    func hasKeylessCreateOnItsWay(_ table: String) -> Bool {
        outbox.contains { $0.kind == .create && $0.clientKey == nil && $0.state == .inFlight && $0.table == table }
    }

    func isInFlight(_ table: String, _ id: String) -> Bool {
        outbox.contains { $0.record == id && $0.state == .inFlight }
    }

    func settledMark(_ table: String, _ id: String) -> Int64? { settled[id] }
    func clearSettled(table: String, upTo mark: Int64) { settled = settled.filter { $0.value > mark } }
    func memberCount(of number: Int64) -> Int { members[number]?.count ?? 0 }
    func memberCount(of number: Int64, in range: IDRange) -> Int { members(of: number, in: range).count }
    func member(at position: Int, of number: Int64, in range: IDRange) -> String? {
        members(of: number, in: range)[position]
    }
    func members(of number: Int64, in range: IDRange) -> [String] { (members[number] ?? []).filter(range.contains) }
    func newestSynced(_ number: Int64, _ query: SubscriptionQuery, among limit: Int) -> String? {
        members[number]?.compactMap { bases[$0] }.max()
    }
    func confirmMembers(of number: Int64) {}
    func lose(_ number: Int64, _ ids: [String]) {
        members[number]?.removeAll(where: ids.contains)
        change("lose \(ids.joined(separator: " "))")
    }
    func dropUnheld(_ table: String) {}
}

extension MemoryStore: PushStore {
    var newestEntry: Int64 { outbox.last?.sequence ?? 0 }

    func meta(_ key: String) -> String? { kept[key] }
    func setMeta(_ key: String, _ value: String?) { kept[key] = value }

    func entry(_ sequence: Int64) -> OutboxEntry? { outbox.first { $0.sequence == sequence } }

    func entries(table: String?, state: OutboxEntry.State?, after sequence: Int64, limit: Int) -> [OutboxEntry] {
        Array(
            outbox.filter { entry in
                entry.sequence > sequence && (table == nil || entry.table == table)
                    && (state == nil || entry.state == state)
            }.prefix(limit))
    }

    func sendable(limit: Int, skipping: [SendableSkip]) -> [OutboxEntry] {
        let queued = outbox.filter { entry in
            entry.state == .queued
                && !skipping.contains { skip in
                    if let one = skip.entry { return one == entry.sequence }
                    return skip.table == entry.table && (skip.kind ?? entry.kind) == entry.kind
                        && entry.sequence <= skip.through ?? .max
                }
        }
        return Array(queued.prefix(limit))
    }

    func hasOthersWaiting(beside entry: OutboxEntry) -> Bool {
        outbox.contains { $0.kind == entry.kind && $0.record != entry.record && $0.state != .failed }
    }

    func hasQueued(_ table: String, _ kind: OutboxEntry.Kind, after sequence: Int64) -> Bool {
        outbox.contains { $0.table == table && $0.kind == kind && $0.sequence > sequence && $0.state == .queued }
    }

    func isKnown(_ table: String, _ id: String) -> Bool { bases[id] != nil }
    func baseText(_ table: String, _ id: String) -> [UInt8]? { nil }

    func markInFlight(_ sequence: Int64, body: [UInt8], epoch: Int64, user: String) {
        set(sequence, .inFlight)
        for index in outbox.indices where outbox[index].sequence == sequence { outbox[index].attempts += 1 }
    }
    func markAmbiguous(_ sequence: Int64, _ failure: EntryFailure?) { set(sequence, .ambiguous) }
    func markUnresolved(_ sequence: Int64, _ failure: EntryFailure?) { set(sequence, .unresolved) }
    func requeue(_ sequence: Int64, after failure: EntryFailure?) { set(sequence, .queued) }
    func fail(_ sequence: Int64, because failure: EntryFailure) { set(sequence, .failed) }

    func adopt(_ sequence: Int64, row: [UInt8]) -> Bool { remove(sequence) }
    func completeUpdate(_ sequence: Int64, row: [UInt8]) -> Bool { remove(sequence) }
    func completeDelete(_ sequence: Int64) -> Bool { remove(sequence) }
    func rebase(_ sequence: Int64, onto row: [UInt8], fields: JSONObject) { set(sequence, .queued) }
    func retakeImage(ofDelete sequence: Int64, row: [UInt8]) {}
    func recreate(_ table: String, _ id: String) -> Bool { false }
    func gone(_ table: String, _ id: String) -> [OutboxEntry] {
        defer { outbox.removeAll { $0.record == id } }
        return outbox.filter { $0.record == id }
    }

    func tablesToLearn() -> [String] { [] }
    func facts(of table: String) -> TableFacts? { facts[table] }
    func setFacts(_ facts: TableFacts, of table: String) { self.facts[table] = facts }

    func isCalledOff(_ table: String, _ id: String) -> Bool { false }
    func hasAlias(_ id: String) -> Bool { recreated.contains(id) }
    func wasMadeAgain(_ row: AnswerRow, table: String) -> Bool { false }
    func bearsItsKey(_ row: AnswerRow, table: String) -> Bool { row.id == original }
    func isCancelled(_ row: AnswerRow, table: String) -> Bool { original == nil }
    func original(ofCopy row: AnswerRow, table: String) -> String? { original }
    func entries(of table: String, _ id: String) -> [OutboxEntry] { outbox.filter { $0.record == id } }
    func readopt(_ original: String, as row: AnswerRow, table: String, isGone: Bool) {
        change("readopt \(original) \(row.id)")
    }
    func keepTwin(_ table: String, _ id: String) { change("keepTwin \(id)") }
    func reports(after number: Int64) -> [SyncReport] { told.filter { $0.number > number } }
    func acknowledge(_ number: Int64) { told.removeAll { $0.number == number } }
}
