/// The SQL of a collection's own table, written once.
final class CollectionTable: Sendable {
    let name: String
    let insert: String
    let find: String
    let update: String
    let delete: String
    let document: String
    let fetch: String
    let range: String
    /// How many documents there are, from the catalogue.
    let total: String

    init(_ number: Int64) {
        name = "c\(number)"
        insert = "INSERT INTO \(name) (id, document) VALUES (?, ?)"
        find = "SELECT row, document FROM \(name) WHERE id = ?"
        update = "UPDATE \(name) SET document = ? WHERE row = ?"
        delete = "DELETE FROM \(name) WHERE row = ?"
        document = "SELECT document FROM \(name) WHERE id = ?"
        range = "SELECT 1 FROM \(name) WHERE id BETWEEN ? AND ? LIMIT 1"
        fetch = "SELECT document FROM \(name) WHERE row = ?"
        total = "SELECT documents FROM bkend_collections WHERE number = \(number)"
    }
}
