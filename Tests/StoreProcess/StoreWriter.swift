import BkendDocuments
import BkendSync
import BkendWire

/// One of the writers of a store. Of ten writes in a row six create a record each, three update one, one deletes one.
struct StoreWriter {
    private let store: StoreDatabase
    private let writer: Int
    /// The records that this writer made, by number: more than one where a kill hid the first from the parent.
    private var records: [Int: [String]] = [:]

    /// Takes up what earlier processes of the same writer left.
    init(_ store: StoreDatabase, writer: Int) throws {
        self.store = store
        self.writer = writer
        let mine = Condition("writer", [.equals(.int(Int64(writer)))])
        let query = Query(filter: .condition(mine), sort: [.init("id")], page: .init(1, limit: .max))
        for text in try store.read({ try $0.documents.find(query, in: "notes") }) {
            let record = try text.json
            guard case .int(let number) = record["number"], let id = record["id"]?.stringValue else { continue }
            records[Int(number), default: []].append(id)
        }
    }

    /// Makes the write of a number, as one transaction; the id of the record concerned, "-" when an earlier run has
    /// deleted it.
    mutating func write(_ number: Int) throws -> String {
        switch number % 10 {
        case 0...5:
            let fields: JSONObject = ["writer": .int(Int64(writer)), "number": .int(Int64(number))]
            let id = try store.write { try $0.writes.create("notes", fields) }
            records[number, default: []].append(id)
            return id
        case 6...8:
            let ids = records[number - 6] ?? []
            try store.write { tx in
                for id in ids { try tx.writes.update("notes", id, set: ["touched": .int(Int64(number))]) }
            }
            return ids.first ?? "-"
        default:
            let ids = records.removeValue(forKey: number - 5) ?? []
            try store.write { tx in
                for id in ids { try tx.writes.delete("notes", id) }
            }
            return ids.first ?? "-"
        }
    }
}
