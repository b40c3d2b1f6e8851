import BkendSync
import BkendWire

/// A record's fields by name; the model's names are ASCII.
typealias Fields = [String: JSON]

/// The local store once more, as plain dictionaries, written from the protocol (sync.md) and not from the
/// product: nothing is kept that can be worked out, so visible documents, blocked entries, edges and states are
/// computed from scratch whenever somebody asks.
struct ModelStore {
    struct Place: Hashable, Comparable {
        var table: String
        var id: String
        static func < (a: Place, b: Place) -> Bool { (a.table, a.id) < (b.table, b.id) }
    }

    struct Entry: Equatable {
        var sequence: Int64
        var place: Place
        var kind: OutboxEntry.Kind
        var fields: Fields
        var before: Fields = [:]
        /// `blocked` never stands here: it is worked out.
        var state = OutboxEntry.State.queued
        var wasSent = false
        /// Whether it was ever sent, as whatever it said then.
        var everSent = false
        var key: String?
        var code: String?
        var message = ""
        /// Fields that were set again, and by which entries.
        var overwritten: [String: Set<Int64>] = [:]
        var madeAt: Int64
        var changedAt: Int64
        var isLive: Bool { state != .failed || kind == .create }
        var isRecreation: Bool { key == "re-" + place.id }

        /// A create that was sent keeps what was sent of fields that are set again.
        mutating func noteSent(_ fields: Fields) {
            guard kind == .create, everSent, !isRecreation else { return }
            for field in fields.keys where before[field] == nil { before[field] = self.fields[field] ?? .null }
        }
        var isUnsent: Bool { state == .queued && !wasSent }
    }

    struct Alias: Equatable {
        var table: String
        var key: String
        /// Who made the record, and who that was before a guest's store was taken over.
        var user: String
        var formerUser: String?
        var serverID: String?
        var isCancelled = false
    }

    struct Subscription: Equatable {
        var table: String
        /// The members' `k`, nil for any record.
        var k: Int64?
        var members: Set<String> = []
    }

    /// A refusal that the product must make as well.
    struct Refused: Error {}

    /// The server's last word on every record that is known.
    var words: [Place: Fields] = [:]
    /// The outbox, in order.
    var entries: [Entry] = []
    var aliases: [String: Alias] = [:]
    var subscriptions: [Int64: Subscription] = [:]
    /// Whose store it is.
    var owner = ""
    /// Second copies that are shown, since the server keeps them.
    var kept: Set<Place> = []
    /// Ids that were deleted here.
    var deleted: Set<Place> = []
    /// Tables where updates never fold, since any field may be unique.
    var uniqueTables: Set<String> = []
    var now: Int64 = 0
    var nextSequence: Int64 = 1

    // MARK: What follows from it

    func lane(_ place: Place) -> [Entry] { entries.filter { $0.place == place } }

    func visible(_ place: Place) -> Fields? { replay(lane(place), on: words[place]) }

    func replay(_ lane: [Entry], on word: Fields?) -> Fields? {
        var document = word
        for entry in lane where entry.isLive {
            switch entry.kind {
            case .delete: document = nil
            case .create:
                var created = entry.fields
                created["id"] = .string(entry.place.id)
                if let key = entry.key { created["clientKey"] = .string(key) }
                created["createdBy"] = .string(owner)
                created["createdAt"] = Self.stamp(entry.madeAt)
                created["updatedAt"] = Self.stamp(entry.changedAt)
                document = created
            case .update:
                guard var updated = document else { continue }
                for (field, value) in entry.fields { updated[field] = value }
                let shown = Self.stamp(entry.changedAt)
                let known = updated["updatedAt"]?.stringValue ?? ""
                if known < shown.stringValue ?? "" { updated["updatedAt"] = shown }
                document = updated
            }
        }
        return document
    }

    /// Every place that has a word or an entry.
    var places: Set<Place> { Set(words.keys).union(entries.map(\.place)) }

    func state(_ place: Place) -> SyncState {
        let lane = lane(place)
        if let failed = lane.first(where: { $0.state == .failed }) {
            return .failed(EntryFailure(code: failed.code ?? "", message: failed.message))
        }
        if lane.contains(where: { $0.state == .unresolved }) { return .unresolved }
        return lane.isEmpty ? .synced : .pending
    }

    /// The sequence numbers of entries that wait, directly or not, for the app.
    var blocked: Set<Int64> {
        var stuck = Set(
            entries.filter { $0.state == .unresolved || $0.state == .failed && $0.kind == .create }.map(\.sequence))
        var blocked: Set<Int64> = []
        if stuck.isEmpty { return [] }
        var grows = true
        while grows {
            grows = false
            for entry in entries where entry.state == .queued && !stuck.contains(entry.sequence) {
                let named = localIDs(in: entry.fields)
                let waits = entries.contains { other in
                    guard stuck.contains(other.sequence) else { return false }
                    return other.place == entry.place && other.sequence < entry.sequence
                        || other.kind == .create && named.contains(other.place.id)
                }
                if waits {
                    stuck.insert(entry.sequence)
                    blocked.insert(entry.sequence)
                    grows = true
                }
            }
        }
        return blocked
    }

    func localIDs(in fields: Fields) -> Set<String> {
        var found: Set<String> = []
        for value in fields.values { collect(value, &found) }
        return found.filter { id in aliases[id].map { $0.serverID == nil && !$0.isCancelled } ?? false }
    }

    func namesCancelled(_ fields: Fields) -> Bool {
        var found: Set<String> = []
        for value in fields.values { collect(value, &found) }
        return found.contains { aliases[$0]?.isCancelled == true }
    }

    private func collect(_ value: JSON, _ found: inout Set<String>) {
        switch value {
        case .string(let text): found.insert(text)
        case .array(let values): for value in values { collect(value, &found) }
        case .object(let object):
            for member in object {
                found.insert(member.key)
                collect(member.value, &found)
            }
        default: break
        }
    }

    /// Whether an id stands for a record that was discarded.
    func isDead(_ id: String) -> Bool { aliases[resolve(id)]?.isCancelled == true }

    func resolve(_ id: String) -> String {
        var id = id
        while let next = aliases[id]?.serverID { id = next }
        return id
    }

    func resolve(_ fields: Fields) -> Fields { fields.mapValues { map($0) { resolve($0) } } }

    func rename(_ old: String, to new: String, in fields: Fields) -> Fields {
        fields.mapValues { map($0) { $0 == old ? new : $0 } }
    }

    private func map(_ value: JSON, _ id: (String) -> String) -> JSON {
        switch value {
        case .string(let text): .string(id(text))
        case .array(let values): .array(values.map { map($0, id) })
        case .object(let object): .object(JSONObject(object.map { (id($0.key), map($0.value, id)) }))
        default: value
        }
    }

    static func stamp(_ milliseconds: Int64) -> JSON { .string(Timestamp(clamping: milliseconds).description) }
}
