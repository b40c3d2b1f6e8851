import BkendWire

/// Writes that were made on a record read earlier, a form's for example.
extension LocalWrites {
    /// What fields were before a write: as the writer saw them, where nothing of this device lies between.
    ///
    /// A field that a waiting entry sets is this device's own word: what it was before stands in that entry, which meets
    /// the server's word first. A field that the writer didn't see has no image, so that it can't be overwritten without
    /// a conflict; but what a record lacked before the server knew it, a default of the server's, was nobody's change.
    ///
    /// - Parameters:
    ///   - visible: the record as it is.
    ///   - seen: the record as the writer saw it; nil for the present one.
    func images(
        of fields: JSONObject, visible: JSONObject, seen: JSONObject?, of key: RecordKey
    ) throws -> JSONObject {
        let now = visible.filtered { field, _ in fields[field] != nil }
        guard let seen else { return now }
        let wasUnknown =
            try seen[SystemField.id.rawValue]?.stringValue.map { try store.aliases.alias($0) != nil } ?? false
        let then = try present(seen, table: key.table)
        let own = try store.outbox.lane(key).filter(\.isLive)
        var images = JSONObject()
        for (field, _) in fields {
            let isOwn = own.contains { $0.kind == .create || $0.fields[field] != nil }
            if isOwn || then[field] == nil && wasUnknown {
                images[field] = now[field]
            } else {
                images[field] = then[field]
            }
        }
        return images
    }
}
