import Bkend
import BkendSync
import BkendWire
import Foundation

/// Why a write isn't on the server yet, since when, and what would free it.
struct Diagnosis: Hashable {
    /// The write.
    var entry: OutboxEntry.ID
    /// Why it waits.
    var reason: String
    /// What would free it; nil where nothing needs to be done.
    var remedy: String?

    /// The diagnoses of a store's writes, in their order.
    ///
    /// - Parameters:
    ///   - entries: all writes of the store's outbox, in order.
    ///   - isLed: whether a process synchronises the store.
    ///   - isGuests: whether the store is a guest's.
    static func of(_ entries: [OutboxEntry], isLed: Bool, isGuests: Bool) -> [Diagnosis] {
        let creates = Dictionary(
            entries.filter { $0.kind == .create }.map { (Place($0.table, $0.record), $0) },
            uniquingKeysWith: { a, _ in a })
        // A record's id names it in any table's fields.
        let created = Dictionary(creates.values.map { (ExactString($0.record), $0) }, uniquingKeysWith: { a, _ in a })
        var last: [Place: OutboxEntry] = [:]
        var diagnoses: [Diagnosis] = []
        for entry in entries {
            let place = Place(entry.table, entry.record)
            let named = references(in: entry, to: created).first
            diagnoses.append(
                diagnosis(of: entry, behind: last[place], naming: named, isLed: isLed, isGuests: isGuests))
            // A rejected update or delete holds up nothing.
            if entry.state != .failed || entry.kind == .create { last[place] = entry }
        }
        return diagnoses
    }

    private static func diagnosis(
        of entry: OutboxEntry, behind earlier: OutboxEntry?, naming create: OutboxEntry?, isLed: Bool, isGuests: Bool
    ) -> Diagnosis {
        let why = entry.failure.map { ": \($0.message)" } ?? ""
        switch entry.state {
        case .failed:
            return Diagnosis(entry: entry.id, reason: "the server rejected it\(why)", remedy: entry.advice)
        case .unresolved:
            return Diagnosis(
                entry: entry.id, reason: "the server may or may not have the record\(why)", remedy: entry.advice)
        case .inFlight, .ambiguous:
            let reason =
                entry.state == .inFlight && isLed
                ? "it is being sent" : "it was sent, and no answer came\(why)"
            return Diagnosis(
                entry: entry.id, reason: reason,
                remedy: isLed ? nil : "start the app, with a network; nothing is sent twice")
        case .queued, .blocked:
            if let cause = earlier ?? create {
                let what =
                    earlier == nil ? "the create of \(cause.record), which it names" : "an earlier write of its record"
                return Diagnosis(
                    entry: entry.id, reason: "it waits for #\(cause.id), \(what)",
                    remedy: entry.state == .blocked ? "resolve #\(cause.id)" : nil)
            }
            if isGuests {
                return Diagnosis(
                    entry: entry.id, reason: "a guest made it\(why)",
                    remedy: "if guests may not write to \(entry.table), it is sent once somebody signs in")
            }
            let reason = entry.attempts > 0 ? "its last attempt didn't succeed\(why)" : "it wasn't sent yet"
            return Diagnosis(
                entry: entry.id, reason: reason,
                remedy: isLed
                    ? nil : "no process synchronises the store: start the app, with a network and somebody signed in")
        }
    }

    /// A record of a table.
    private struct Place: Hashable {
        var table: ExactString
        var record: ExactString

        init(_ table: String, _ record: String) {
            self.table = ExactString(table)
            self.record = ExactString(record)
        }
    }

    /// The creates whose records a write's fields name, at any depth.
    private static func references(
        in entry: OutboxEntry, to created: [ExactString: OutboxEntry]
    ) -> [OutboxEntry] {
        func look(_ value: JSON) -> [OutboxEntry] {
            switch value {
            case .string(let text): created[ExactString(text)].map { [$0] } ?? []
            case .array(let values): values.flatMap(look)
            case .object(let object): object.flatMap { look($0.value) }
            default: []
            }
        }
        return entry.fields.flatMap { look($0.value) }.filter {
            $0.id < entry.id && !$0.record.hasSameBytes(as: entry.record)
        }
    }
}
