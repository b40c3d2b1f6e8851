import BkendSync
import BkendWire

/// What every record of the server ever was. A backup doesn't bring it back: it is the checker's.
package struct ServerHistory: Sendable {
    /// A record at a time; no document when it was gone.
    package struct Version: Sendable {
        /// Ascending over the whole server.
        package let number: Int
        /// From when on, in the simulation's time.
        package let at: Int64
        /// The document, nil for a deletion.
        package let document: JSONObject?
        /// Its `updatedAt`.
        package let updatedAt: String
        /// Whether a restored backup brought it.
        package let isRestored: Bool
    }

    private var records: [ExactString: [Version]] = [:]
    /// How many versions there are.
    package private(set) var count = 0

    /// The versions of a record, in order.
    package func versions(_ table: String, _ id: String) -> [Version] { records[Self.key(table, id)] ?? [] }

    mutating func note(_ row: StoredRow, in table: String, at now: Int64, isRestored: Bool = false) {
        append(row.document, row.updatedAt, table, row.id, now, isRestored)
    }

    mutating func noteDeletion(_ table: String, _ id: String, at now: Int64, isRestored: Bool = false) {
        append(nil, "", table, id, now, isRestored)
    }

    private mutating func append(
        _ document: JSONObject?, _ updatedAt: String, _ table: String, _ id: String, _ now: Int64, _ isRestored: Bool
    ) {
        count += 1
        records[Self.key(table, id), default: []].append(
            Version(number: count, at: now, document: document, updatedAt: updatedAt, isRestored: isRestored))
    }

    private static func key(_ table: String, _ id: String) -> ExactString { ExactString(table + "/" + id) }
}

extension ServerModel {
    /// Goes back to an earlier state of the tables; what differs is a new version of its record.
    package mutating func restore(_ backup: [ServerTable], at now: Int64) {
        for index in tables.indices {
            guard let old = backup.first(where: { $0.name == tables[index].name }) else { continue }
            let present = tables[index]
            tables[index].replaceRows(old.rows)
            for row in old.rows where present.row(row.id)?.text != row.text {
                history.note(row, in: old.name, at: now, isRestored: true)
            }
            for row in present.rows where old.row(row.id) == nil {
                history.noteDeletion(old.name, row.id, at: now, isRestored: true)
            }
        }
    }
}

extension ServerModel {
    /// Gives every row of a table a new id, as an import does it; which became which.
    package mutating func renew(
        _ name: String, at now: Int64, keepingStamps: Bool = true
    ) -> [(old: RecordKey, new: RecordKey)] {
        guard var table = self[table: name] else { return [] }
        let moment = time(now, node: 0)
        var renewed: [(old: RecordKey, new: RecordKey)] = []
        for row in table.rows {
            var document = row.document
            document["id"] = .string(makeID(at: moment, node: 0))
            if !keepingStamps { document["updatedAt"] = .string(moment.description) }
            let new = StoredRow(document)
            table.remove(row.id)
            table.put(new)
            history.noteDeletion(name, row.id, at: now)
            history.note(new, in: name, at: now)
            renewed.append((RecordKey(name, row.id), RecordKey(name, new.id)))
        }
        self[table: name] = table
        return renewed
    }
}
