import BkendSync
import BkendWire

/// What somebody sees who watches a device's store through its change log, and the outbox beside it.
struct DeviceObserver {
    /// The transactions since the device was made.
    var transactions = 0
    /// The last row of the change log.
    var change: Int64 = 0
    /// The last state of the outbox.
    var outbox: Int64 = -1
    /// What is visible.
    var shown: [RecordKey: JSONObject] = [:]
    /// The newest version of the server's that was the base of a record.
    var versions: [RecordKey: Int] = [:]
    /// The outbox.
    var entries: [Int64: OutboxEntry] = [:]
    /// Records deleted here, and the entry that does it.
    var deletedHere: [RecordKey: Int64] = [:]
    /// Records that went because the server had none, with the number of their deletion.
    var goneElsewhere: [RecordKey: Int] = [:]
    /// Records about which the app was told something.
    var reported: Set<RecordKey> = []
    /// The last report.
    var report: Int64 = 0
    /// How many reports there were by kind, in order of appearance.
    var reportKinds: [(kind: String, count: Int)] = []
    /// Visible records by their tag: a create's own word, which no other create has.
    var tagged: [String: [RecordKey]] = [:]
    /// When subscriptions last changed.
    var subscriptionsChanged: Int64 = 0

    /// The records visible, in order.
    var keys: [RecordKey] {
        shown.keys.sorted { a, b in a.table == b.table ? a.id.precedesInBytes(b.id) : a.table < b.table }
    }

    mutating func set(_ document: JSONObject?, at key: RecordKey) {
        if let tag = shown[key]?["tag"]?.stringValue { tagged[tag]?.removeAll { $0 == key } }
        shown[key] = document
        if let tag = document?["tag"]?.stringValue { tagged[tag, default: []].append(key) }
    }

    mutating func move(_ old: RecordKey, to new: RecordKey) {
        let document = shown[old]
        set(nil, at: old)
        if document != nil { set(document, at: new) }
        if let entry = deletedHere.removeValue(forKey: old) { deletedHere[new] = entry }
        if reported.contains(old) { reported.insert(new) }
    }

    mutating func note(_ reports: [SyncReport]) {
        for item in reports {
            reported.insert(RecordKey(item.table, item.record))
            // A second copy that stays is named beside its original.
            if let copy = item.detail["copy"]?.stringValue { reported.insert(RecordKey(item.table, copy)) }
            for copy in item.detail["copies"]?.arrayValue ?? [] {
                if let id = copy.stringValue { reported.insert(RecordKey(item.table, id)) }
            }
            report = max(report, item.number)
            if let index = reportKinds.firstIndex(where: { $0.kind == item.kind }) {
                reportKinds[index].count += 1
            } else {
                reportKinds.append((item.kind, 1))
            }
        }
    }
}
