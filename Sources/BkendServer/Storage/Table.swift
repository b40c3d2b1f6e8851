import BkendDocuments
import BkendWire

/// Where a storage keeps a table's records. Each storage has a type of its own for it, and reads no other's.
protocol TablePlace: AnyObject, Sendable {}

/// A table as requests use it: its definition, and what is derived from it once.
struct Table: Sendable {
    let definition: BkendWire.TableDefinition
    /// The schema's version, from 1.
    let version: Int
    let typing: QueryTyping
    let place: any TablePlace
    /// Whether the transaction has just made it.
    var isNew = false

    init(_ definition: BkendWire.TableDefinition, version: Int, place: any TablePlace) {
        self.definition = definition
        self.version = version
        self.place = place
        typing = QueryTyping(schema: definition.schema)
    }

    var name: String { definition.name }
}
