import BkendSync
import BkendWire

/// What the server did, by the entry that asked for it.
struct AppliedWrites {
    struct Key: Hashable {
        var device: Int
        var entry: Int64
    }

    /// The rows that a create made, or the row that another write changed.
    private(set) var rows: [Key: [RecordKey]] = [:]
    /// The rows that a create made.
    private(set) var created: [Key: [RecordKey]] = [:]
    /// The last entry of a device that changed a record.
    private(set) var latest: [Int: [RecordKey: Int64]] = [:]
    /// Second rows of one create that a delayed copy made: to be deleted or reported.
    var twins: [(key: RecordKey, device: Int)] = []
    /// When the server last showed a record to a device that was about to write it.
    var reads: [Int: [RecordKey: (at: Int64, fields: Set<String>)]] = [:]
    /// When the server last refused to show a record to a device that was about to write it.
    var refusals: [Int: [RecordKey: Int64]] = [:]
    /// Creates that the app sent again on its own responsibility.
    var retriedByApp: Set<Key> = []
    /// Creates that were answered with the refusal of another create.
    var misrefused: Set<Key> = []

    /// When a device was last shown a row that it looked at without an entry, for one that it may delete.
    var looks: [Int: [RecordKey: Int64]] = [:]
    /// The words of records that a device's user has deleted.
    var deletedByUser: [Int: Set<String>] = [:]

    /// What forms' writers saw of fields that the server was known to have changed since, by the entry that set them.
    var forms: [Key: JSONObject] = [:]
    /// How much was added to each counter, by devices and by others.
    var added: [RecordKey: Int64] = [:]

    /// What tells a create's record from all others.
    static func word(of document: JSONObject?) -> String? {
        (document?["tag"] ?? document?[OutboxEntry.clientKeyField])?.stringValue
    }

    /// A row has another id from now on.
    mutating func renew(_ old: RecordKey, as new: RecordKey) {
        for (key, made) in created where made.contains(old) { created[key, default: []].append(new) }
        for (key, made) in rows where made.contains(old) { rows[key, default: []].append(new) }
    }

    /// The entries of a device are another one's from now on, under other numbers.
    mutating func move(from device: Int, to other: Int, _ numbers: [Int64: Int64]) {
        for (old, new) in numbers {
            let (from, to) = (Key(device: device, entry: old), Key(device: other, entry: new))
            rows[to] = rows.removeValue(forKey: from)
            created[to] = created.removeValue(forKey: from)
            forms[to] = forms.removeValue(forKey: from)
            if retriedByApp.remove(from) != nil { retriedByApp.insert(to) }
            if misrefused.remove(from) != nil { misrefused.insert(to) }
        }
        for (row, entry) in latest[device] ?? [:] {
            guard let number = numbers[entry] else { continue }
            latest[other, default: [:]][row] = max(latest[other]?[row] ?? 0, number)
        }
        for (row, read) in reads[device] ?? [:] where reads[other]?[row].map({ $0.at < read.at }) ?? true {
            reads[other, default: [:]][row] = read
        }
        refusals[other, default: [:]].merge(refusals[device] ?? [:]) { max($0, $1) }
        deletedByUser[other, default: []].formUnion(deletedByUser[device] ?? [])
        for index in twins.indices where twins[index].device == device { twins[index].device = other }
    }

    /// The rows that a create of a device made, if it made this one.
    func siblings(of row: RecordKey, device: Int) -> [RecordKey]? {
        created.first { $0.key.device == device && $0.value.contains(row) }?.value
    }

    mutating func note(_ entry: Int64, of device: Int, on row: RecordKey, isCreate: Bool) {
        if isCreate { created[Key(device: device, entry: entry), default: []].append(row) }
        rows[Key(device: device, entry: entry), default: []].append(row)
        let before = latest[device]?[row] ?? 0
        latest[device, default: [:]][row] = max(before, entry)
    }

    func rows(_ entry: Int64, of device: Int) -> [RecordKey] { rows[Key(device: device, entry: entry)] ?? [] }
}

/// Requests of the last while; too many at once is a loop.
struct RequestBudget {
    private var moments: [Int64] = []
    /// How many went out since the beginning.
    private(set) var total = 0

    /// Notes a request; how many there were in the minute before it.
    mutating func note(_ now: Int64) -> Int {
        total += 1
        moments.removeAll { $0 < now - 60_000 }
        moments.append(now)
        return moments.count
    }
}
