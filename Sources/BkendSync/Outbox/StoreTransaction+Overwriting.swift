import BkendWire

/// Which fields of a record's dead letters were set again, and by which entries: a retry leaves those fields alone.
extension StoreTransaction {
    /// An entry sets fields after the record's letters failed.
    func noteOverwritten(_ key: RecordKey, by fields: JSONObject, of sequence: Int64) throws {
        try changeOverwrites(key) { letter, name, numbers in
            if letter != sequence, fields[name] != nil, !numbers.contains(sequence) { numbers.append(sequence) }
        }
    }

    /// An entry was discarded: as if it had not been made, it has overwritten nothing.
    func forgetOverwriting(_ key: RecordKey, by sequence: Int64) throws {
        try changeOverwrites(key) { _, _, numbers in numbers.removeAll { $0 == sequence } }
    }

    /// A letter that was tried again is part of another entry now. A field that was as it says already stays set again,
    /// whatever becomes of that entry.
    func passOverwriting(_ key: RecordKey, from sequence: Int64, to entry: OutboxEntry) throws {
        try changeOverwrites(key) { _, name, numbers in
            if entry.fields[name] != nil { numbers.removeAll { $0 == sequence } }
        }
    }

    private func changeOverwrites(
        _ key: RecordKey, _ change: (_ letter: Int64, _ name: String, _ numbers: inout [Int64]) -> Void
    ) throws {
        for var letter in try deadLetters(key) where letter.kind == .update {
            var isChanged = false
            for name in letter.fields.keys {
                let before = letter.overwrites[name]?.arrayValue?.compactMap(\.intValue) ?? []
                var numbers = before
                change(letter.sequence, name, &numbers)
                if numbers == before { continue }
                letter.overwrites[name] = numbers.isEmpty ? JSON?.none : .array(numbers.map(JSON.int))
                isChanged = true
            }
            if isChanged { try save(letter) }
        }
    }
}
