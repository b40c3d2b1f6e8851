import BkendWire

/// visible = base + live entries in order. The one place that says what a pending write looks like.
enum Replay {
    /// What the record looks like after an entry.
    static func apply(_ entry: OutboxEntry, to document: JSONObject?) -> JSONObject? {
        guard entry.isLive else { return document }
        switch entry.kind {
        case .create: return created(entry)
        case .update: return document.map { updated($0, setting: entry.fields, at: entry.changedAt) }
        case .delete: return nil
        }
    }

    /// What the record looks like after all its entries.
    static func visible(_ base: JSONObject?, _ lane: [OutboxEntry]) -> JSONObject? {
        lane.reduce(base) { apply($1, to: $0) }
    }

    /// Sets fields as wholes; null stays null. `updatedAt` is for people: the server's, or this device's if later.
    static func updated(_ document: JSONObject, setting fields: JSONObject, at moment: Timestamp) -> JSONObject {
        var result = document
        for (key, value) in fields { result[key] = value }
        let known = document[SystemField.updatedAt.rawValue]?.stringValue.flatMap { Timestamp($0) }
        if known.map({ $0 < moment }) ?? true {
            result[SystemField.updatedAt.rawValue] = .string(moment.description)
        }
        return result
    }

    private static func created(_ entry: OutboxEntry) -> JSONObject {
        var document: JSONObject = [SystemField.id.rawValue: .string(entry.record)]
        for (key, value) in entry.sentFields { document[key] = value }
        document[SystemField.createdBy.rawValue] = .string(entry.user)
        document[SystemField.createdAt.rawValue] = .string(entry.madeTimestamp.description)
        document[SystemField.updatedAt.rawValue] = .string(entry.changedAt.description)
        return document
    }
}
