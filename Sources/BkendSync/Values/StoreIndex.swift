import BkendDocuments
import BkendWire

/// An index over a table's records on this device, besides those that every table has.
package struct StoreIndex: Hashable, Sendable {
    /// How far it has come.
    package enum State: Hashable, Sendable {
        /// Queries use it.
        case ready
        /// It is being filled; until then queries do without.
        case building
        /// It can't be kept; why.
        case refused(String)
    }

    /// The table.
    package var table: String
    /// Its fields, the most significant first.
    package var fields: [IndexDefinition.Field]
    /// Whether the app has asked for it.
    package var isAsked: Bool
    /// Whether the server has it too (`/spec`).
    package var isSpecified: Bool
    /// How far it has come.
    package var state: State

    /// How many a table may have: each is one more entry at each write. As many as MongoDB recommends at most, and a
    /// quarter of what it takes.
    package static let tableLimit = 16
    /// How many a store may have.
    package static let storeLimit = 128
    /// How many documents one step of filling takes: other writers wait so long.
    static let step = 2_000

    /// Its name: from its fields alone, so that the app's word and the server's spec come to one index. It neither keeps
    /// values unique, which is the server's business, nor leaves records out.
    static func definition(_ fields: [IndexDefinition.Field]) -> IndexDefinition {
        let name = fields.map { "\($0.path)_\($0.descending ? -1 : 1)" }.joined(separator: "_")
        return IndexDefinition(name: name, fields: fields)
    }

    /// Whether every table has it anyway: by one of the server's own fields.
    static func isBuiltIn(_ fields: [IndexDefinition.Field]) -> Bool {
        fields.count == 1 && IndexDefinition.builtIn.contains { $0.fields[0].path.hasSameBytes(as: fields[0].path) }
    }

    /// Why an index over these fields can't be, nil if it can.
    static func flaw(in fields: [IndexDefinition.Field]) -> String? {
        if fields.isEmpty { return "it needs at least one field" }
        if fields.count > mostFields { return "it can have at most \(mostFields) fields" }
        for (position, field) in fields.enumerated() {
            if let flaw = FieldPath.flaw(in: field.path) { return "\(JSON.string(field.path)): \(flaw)" }
            if fields[..<position].contains(where: { $0.path.hasSameBytes(as: field.path) }) {
                return "it has the field \(field.path) twice"
            }
        }
        return nil
    }

    /// As many as MongoDB takes.
    private static let mostFields = 32
}
