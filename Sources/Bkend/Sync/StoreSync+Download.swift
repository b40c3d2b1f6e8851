import BkendSync
import BkendWire

extension StoreSync {
    /// Reads a record from the server into the store, as the store's user. Nothing happens to a record that the server
    /// can't have yet.
    nonisolated func download(_ id: String, from table: String) async throws {
        let (known, owner, mark) = try await open.read { store in
            (try store.aliases.resolve(id), try store.owner, try store.settled.mark)
        }
        if try await open.read({ try $0.outbox.entries(of: table, known) }).contains(where: { $0.kind == .create }) {
            return
        }
        try await requireOwner(owner)
        let call = Call(method: .get, table: table, recordID: known, options: .default)
        let answer = try await runner.run(call)
        guard case .object(let object) = answer.json else {
            throw answer.mismatch(call, JSONCodingError(path: "", message: "expected a record"))
        }
        // Nobody else's answer goes into this store: not if another user has signed in meanwhile either.
        try await requireOwner(owner)
        try await open.write { store in
            guard try store.owner == owner else { throw StoreError(.otherOwner) }
            let rows = [object.serialized()]
            let received = try store.receiving.receive(rows, table: table, askedAt: mark, isKept: true)
            if let flaw = received.malformed.first { throw StoreError(.malformedRow(flaw), table: table, record: id) }
        }
    }

    nonisolated func requireOwner(_ owner: String) async throws(StoreError) {
        let user = try await runner.sessions.userHere() ?? ""
        guard user.hasSameBytes(as: owner) else { throw StoreError(.otherOwner) }
    }
}
