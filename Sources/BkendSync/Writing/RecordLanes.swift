import BkendWire

/// A record's entries are a lane: first in, first out.
struct RecordLanes: StorePart {
    let store: StoreTransaction

    /// The server's last word on a record, read before its entries are touched.
    func serverWord(on key: RecordKey) throws -> [UInt8]? {
        let now = try store.changes.now(key)
        return try store.outbox.lastLive(key) == nil ? now : try store.documents.storedBase(key)
    }

    /// Brings base and visible document of a record to its entries and a server's word. Without live entries the word
    /// itself is seen; without any entry and membership the record is dropped.
    /// `joining`: it becomes a provisional member of each subscription whose filter it matches.
    func rebuild(_ key: RecordKey, base: [UInt8]?, joining: Bool = false) throws {
        try store.changes.touch(key)
        let live = try store.outbox.lane(key).filter(\.isLive)
        if live.isEmpty {
            try store.documents.dropBase(of: key)
            try store.changes.show(base, at: key)
            if joining { try store.members.joinMatching(key) }
            store.candidates.append(key)
            return
        }
        try store.documents.storeBase(base, of: key)
        let document = try base.map { try DocumentReader.object($0) }
        try store.changes.show(Replay.visible(document, live)?.serialized(), at: key)
        if joining { try store.members.joinMatching(key) }
    }

    /// Takes before-images anew after an entry has left its lane: for each field it set, the next entry that sets the
    /// field (or the delete) was made on a value that no longer comes first. `value` gives what stands there now; a
    /// field it doesn't answer for keeps its image.
    func retakeImages(behind entry: OutboxEntry, value: (String) -> FieldValue) throws {
        var open = entry.fields.keys
        for var next in try store.outbox.lane(RecordKey(entry.table, entry.record))
        where next.sequence > entry.sequence && next.isLive && next.kind != .create {
            let isHit: (String) -> Bool = { next.kind == .delete || next.fields[$0] != nil }
            let hit = open.filter(isHit)
            open.removeAll(where: isHit)
            var isChanged = false
            for field in hit {
                switch value(field) {
                case .unknown: continue
                case .absent: next.before[field] = nil
                case .value(let json): next.before[field] = json
                }
                isChanged = true
            }
            if isChanged { try store.outbox.save(next) }
            if open.isEmpty { return }
        }
    }

    /// What a field holds where an entry was made: the base with the entries before it.
    func values(before entry: OutboxEntry, base: [UInt8]?) throws -> (String) -> FieldValue {
        let earlier = try store.outbox.lane(RecordKey(entry.table, entry.record)).filter {
            $0.sequence < entry.sequence
        }
        let document = Replay.visible(try base.map { try DocumentReader.object($0) }, earlier)
        return { field in document?[field].map { .value($0) } ?? .absent }
    }
}

extension StoreTransaction {
    /// What becomes of a record when its entries change.
    var lanes: RecordLanes { RecordLanes(store: self) }
}

/// What a field of a document holds.
enum FieldValue {
    case value(JSON)
    case absent
    /// The document doesn't say, as when the column is hidden from the user.
    case unknown
}
