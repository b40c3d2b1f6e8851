import BkendDocuments
import BkendWire
import GRDB

/// What a bug report says of a store.
private struct StoreDiagnostics: StorePart {
    let store: StoreSnapshot

    /// The state of the store for a bug report: counts, states, codes, sizes and settings. No value of a record, no id,
    /// no filter, no user stands in it; names of tables do.
    func report() throws -> JSONObject {
        var described = JSONObject()
        for table in try store.tables { described[table] = .object(try describe(table)) }
        var json: JSONObject = [
            "format": .int(Int64(try store.meta("format") ?? "") ?? 0), "tables": .object(described),
        ]
        json["sqlite"] = .string(try db.first("SELECT sqlite_version()") { $0.text(0) } ?? "")
        json["owner"] = .string(try store.owner.isEmpty ? "guest" : "user")
        json["epoch"] = .int(try store.epoch)
        json["mark"] = .int(try store.settled.mark)
        let state = "CASE WHEN sequence IN (\(EntrySQL.blocked)) THEN 'blocked' ELSE state END"
        json["entries"] = try counts("SELECT kind || ' ' || \(state), count(*) FROM sync_entries GROUP BY 1")
        json["attemptsAtMost"] = .int(try db.number("SELECT max(attempts) FROM sync_entries"))
        json["errorCodes"] = .object(try errorCodes())
        json["aliases"] = try counts("SELECT state, count(*) FROM sync_aliases GROUP BY 1")
        json["edges"] = .int(try db.number("SELECT count(*) FROM sync_edges"))
        json["bases"] = .int(try db.number("SELECT count(*) FROM sync_bases"))
        json["reports"] = try counts("SELECT kind, count(*) FROM sync_reports GROUP BY 1")
        json["latestChange"] = .int(try store.changes.latest)
        json["keptChanges"] = .int(try db.number("SELECT count(*) FROM sync_changes"))
        for pragma in ["page_count", "freelist_count", "page_size", "synchronous", "trusted_schema"] {
            json[pragma] = .int(try db.number("PRAGMA \(pragma)"))
        }
        json["journal_mode"] = .string(try db.first("PRAGMA journal_mode") { $0.text(0) } ?? "")
        return json
    }

    private func describe(_ table: String) throws -> JSONObject {
        let facts = try store.facts.of(table) ?? TableFacts()
        var json = JSONObject()
        json["documents"] = .int(Int64(try store.documents.count(in: table)))
        json["entries"] = .int(Int64(try store.outbox.entryCount(of: table)))
        json["indexes"] = .int(Int64(try store.indexes.all(of: table).count))
        json["isOrdered"] = .bool(facts.isOrdered)
        json["takesExtraFields"] = .bool(facts.takesExtraFields)
        json["hasUniqueKey"] = .bool(facts.hasUniqueKey)
        json["members"] = .array(
            try store.subscriptions.all(of: table).map { .int(Int64(try store.members.count(of: $0.number))) })
        return json
    }

    private func counts(_ sql: String) throws -> JSON {
        .object(JSONObject(try db.all(sql + " ORDER BY 1") { ($0.text(0), JSON.int($0.int(1))) }))
    }

    /// How often each code stands in the outbox; the messages may quote values and stay out.
    private func errorCodes() throws -> JSONObject {
        var codes = JSONObject()
        for failure in try db.all(
            "SELECT failure FROM sync_entries WHERE failure IS NOT NULL ORDER BY sequence", read: { try $0.object(0) })
        {
            let code = EntryFailure(failure).code
            codes[code] = .int((codes[code]?.intValue ?? 0) + 1)
        }
        return codes
    }
}

extension StoreSnapshot {
    /// The state of the store for a bug report: counts, states, codes, sizes and settings. No value of a record, no id,
    /// no filter, no user stands in it; names of tables do.
    package func diagnostics() throws -> JSONObject { try StoreDiagnostics(store: self).report() }
}
