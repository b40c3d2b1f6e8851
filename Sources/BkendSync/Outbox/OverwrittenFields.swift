import BkendWire

/// Which fields of a record's dead letters were set again, and by which entries: a retry leaves those fields alone.
struct OverwrittenFields: StorePart {
    let store: StoreTransaction

    /// What a dead letter overwrites no more: its fields that entries behind it set again.
    func of(_ letter: OutboxEntry) throws -> JSONObject {
        let behind = try store.outbox.lane(RecordKey(letter.table, letter.record)).filter {
            $0.sequence > letter.sequence && $0.isLive
        }
        var overwrites = letter.overwrites
        for name in letter.fields.keys {
            let again = behind.filter { $0.fields[name] != nil }.map { JSON.int($0.sequence) }
            if !again.isEmpty { overwrites[name] = .array(again) }
        }
        return overwrites
    }

    /// An entry sets fields after the record's letters failed.
    func note(_ key: RecordKey, by fields: JSONObject, of sequence: Int64) throws {
        try change(key) { letter, name, numbers in
            if letter != sequence, fields[name] != nil, !numbers.contains(sequence) { numbers.append(sequence) }
        }
    }

    /// An entry was discarded: as if it had not been made, it has overwritten nothing.
    func forget(_ key: RecordKey, by sequence: Int64) throws {
        try change(key) { _, _, numbers in numbers.removeAll { $0 == sequence } }
    }

    /// A letter that was tried again is part of another entry now. A field that was as it says already stays set again,
    /// whatever becomes of that entry.
    func pass(_ key: RecordKey, from sequence: Int64, to entry: OutboxEntry) throws {
        try change(key) { _, name, numbers in
            if entry.fields[name] != nil { numbers.removeAll { $0 == sequence } }
        }
    }

    private func change(
        _ key: RecordKey, _ step: (_ letter: Int64, _ name: String, _ numbers: inout [Int64]) -> Void
    ) throws {
        for var letter in try store.outbox.deadLetters(key) where letter.kind == .update {
            var isChanged = false
            for name in letter.fields.keys {
                let before = letter.overwrites[name]?.arrayValue?.compactMap(\.intValue) ?? []
                var numbers = before
                step(letter.sequence, name, &numbers)
                if numbers == before { continue }
                letter.overwrites[name] = numbers.isEmpty ? JSON?.none : .array(numbers.map(JSON.int))
                isChanged = true
            }
            if isChanged { try store.outbox.save(letter) }
        }
    }
}

extension StoreTransaction {
    /// Which fields of dead letters were set again.
    var overwritten: OverwrittenFields { OverwrittenFields(store: self) }
}
