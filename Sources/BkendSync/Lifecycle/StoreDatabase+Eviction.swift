import BkendDocuments
import BkendWire
import GRDB

extension StoreSnapshot {
    /// The bytes that the store's pages in use take up. What is evicted frees pages for what comes next; the file itself
    /// doesn't shrink.
    package var usedBytes: Int64 {
        get throws {
            let pages = try db.number("PRAGMA page_count") - db.number("PRAGMA freelist_count")
            return pages * (try db.number("PRAGMA page_size"))
        }
    }
}

extension StoreDatabase {
    /// Evicts records that no subscription and no entry holds until the store fits a size, those first whose last change
    /// on the server is longest ago: the server's stamps decide, no clock of this device and no bookkeeping of reads.
    ///
    /// - Returns: how many records went. The store may still be larger when everything left is held.
    @discardableResult
    package func evict(toFit bytes: Int64, batch: Int = 500) throws -> Int {
        var evicted = 0
        while try read({ try $0.usedBytes }) > bytes {
            let count = try write { try Eviction(store: $0).evict(batch) }
            if count == 0 { break }
            evicted += count
        }
        return evicted
    }
}

/// One step of an eviction.
private struct Eviction: StorePart {
    let store: StoreTransaction

    /// Evicts up to so many of the longest unchanged records that nothing holds.
    func evict(_ limit: Int) throws -> Int {
        var oldest: [(stamp: String, key: RecordKey)] = []
        // Files go by a limit of their own, with their bytes.
        for table in try store.tables where !FileTable.isName(table) {
            let members = try store.members.ids(of: table)
            let pending = try store.outbox.entryCount(of: table)
            // Mostly a subscription holds all there is, and no record has to be looked at.
            if try pending == 0 && store.documents.count(in: table) <= members.count { continue }
            // Records that are held are passed over, so at most that many more have to be looked at.
            let held = members.count + pending
            let query = Query(
                sort: [.init(SystemField.updatedAt.rawValue)], page: .init(offset: 0, limit: limit + held), select: [])
            for document in try store.documents.find(query, in: table) {
                let fields = try document.json
                guard let id = fields[SystemField.id.rawValue]?.stringValue else { continue }
                let key = RecordKey(table, id)
                if members.contains(ExactString(id)) { continue }
                if try store.hasEntries(), try !store.outbox.lane(key).isEmpty { continue }
                oldest.append((fields[SystemField.updatedAt.rawValue]?.stringValue ?? "", key))
            }
        }
        // The sort is stable: among equal stamps the order of tables and ids decides.
        oldest.sort { $0.stamp.precedesInBytes($1.stamp) }
        for record in oldest.prefix(limit) { try store.changes.show(nil, at: record.key) }
        return min(limit, oldest.count)
    }
}
