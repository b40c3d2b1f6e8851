import BkendDocuments
import BkendWire

/// A table as requests use it: its definition, and what is derived from it once.
struct Table: Sendable {
    /// What tells a table at one moment from itself at another one.
    struct Identity: Equatable, Sendable {
        let version: Int
        let collection: Int64
        /// The collection's: it moves with its indexes, and none comes twice, not even after a rollback.
        let generation: Int64
    }

    let definition: BkendWire.TableDefinition
    /// The schema's version, from 1.
    let version: Int
    let typing: QueryTyping
    let collection: Collection
    /// Whether the transaction has just made it.
    var isNew = false

    init(_ definition: BkendWire.TableDefinition, version: Int, collection: Collection) {
        self.definition = definition
        self.version = version
        self.collection = collection
        typing = QueryTyping(schema: definition.schema)
    }

    var name: String { definition.name }

    var identity: Identity {
        Identity(version: version, collection: collection.number, generation: collection.generation)
    }
}
