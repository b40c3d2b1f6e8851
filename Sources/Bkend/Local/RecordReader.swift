import BkendDocuments
import BkendSync
import BkendWire

/// Makes records of stored documents.
struct RecordReader<Model: RecordModel>: Sendable {
    let table: String
    let store: LocalStore

    /// A record, nil when there is none.
    func record(_ id: String, in snapshot: StoreSnapshot) throws -> Record<Model>? {
        guard let document = try snapshot.documents.document(table, id) else { return nil }
        let first = try snapshot.aliases.firstIDs(table, [document.id ?? id])[0]
        return try record(document, state: try snapshot.documents.syncState(table, id), localID: first)
    }

    /// - Throws: `StoreError` of `notDecodable`, with id and path.
    func record(_ row: ObservedRow) throws(StoreError) -> Record<Model> {
        try record(row.document, state: row.state, localID: row.localID)
    }

    private func record(
        _ document: DocumentText, state: SyncState, localID: String
    ) throws(StoreError) -> Record<Model> {
        do {
            return try Record<Model>(
                json: try document.json, syncState: state, localID: localID,
                origin: LocalOrigin(table: table, store: store))
        } catch let error as JSONCodingError {
            throw StoreError(.notDecodable(error), table: table, record: document.id, field: error.path)
        } catch {
            throw StoreError(error, table: table, record: document.id)
        }
    }

    /// The records of documents, and those that don't fit the model.
    func records(
        _ documents: [DocumentText], in snapshot: StoreSnapshot
    ) throws -> (records: [Record<Model>], undecodable: [UndecodableRecord]) {
        let ids = documents.map { $0.id ?? "" }
        let states = try snapshot.documents.syncStates(table, ids)
        let first = try snapshot.aliases.firstIDs(table, ids)
        var records: [Record<Model>] = []
        var undecodable: [UndecodableRecord] = []
        records.reserveCapacity(documents.count)
        for (index, document) in documents.enumerated() {
            do throws(StoreError) {
                records.append(try record(document, state: states[index], localID: first[index]))
            } catch {
                undecodable.append(UndecodableRecord(error, id: document.id))
            }
        }
        return (records, undecodable)
    }
}

/// Where a record of a local store came from.
struct LocalOrigin: RecordOrigin {
    let table: String
    let store: LocalStore
}
