import BkendWire

/// Whether a row says what a create set.
enum CreateMatch {
    /// Every field that was sent is there with its value, or with the same moment in the server's spelling; more fields
    /// may have been added as defaults.
    static func isMatch(_ entry: OutboxEntry, _ row: JSONObject) -> Bool {
        entry.fields.allSatisfy { field, value in row[field].map { isSame($0, value) } ?? false }
    }

    /// Whether a row can be the answer to a create. If the row shows a key, the key decides. Otherwise, every sent field
    /// that the row shows must have the sent value. Fields may be hidden from the user; but a row that shows other fields
    /// and none that was sent is another create's, if a lookup by key can find this one.
    static func isAnswer(_ entry: OutboxEntry, _ row: AnswerRow) -> Bool {
        if let theirs = row.clientKey { return entry.clientKey.map { $0.hasSameBytes(as: theirs) } ?? false }
        guard let document = try? row.document() else { return true }
        let shown = entry.fields.filter { document[$0.key] != nil }
        guard shown.allSatisfy({ field, value in document[field].map { isSame($0, value) } ?? false }) else {
            return false
        }
        if entry.clientKey == nil || entry.fields.isEmpty || !shown.isEmpty { return true }
        return document.allSatisfy { SystemField.contains($0.key) }
    }

    private static func isSame(_ theirs: JSON, _ mine: JSON) -> Bool {
        if theirs.says(sameAs: mine) { return true }
        guard let mine = mine.stringValue.flatMap({ Timestamp($0) }),
            let other = theirs.stringValue.flatMap({ Timestamp($0) })
        else { return false }
        return mine == other
    }
}
