import BkendSync
import BkendWire
import Testing

@testable import Bkend

@Suite("Names that no server stores") struct FieldNameTests {
    static let flawed: [(JSONObject, String)] = [
        (["a.b": 1], "a.b"), (["$set": 1], "$set"), (["": 1], ""), (["a\0": 1], "a\0"),
        (["outer": ["in.ner": 1]], "outer.in.ner"), (["list": [1, ["$x": [[]]]]], "list[1].$x"),
    ]

    @Test("are refused by the local store before anything is queued", arguments: flawed)
    func local(_ fields: JSONObject, _ path: String) async throws {
        let fixture = try LocalFixture()
        let table = fixture.store.table("things")
        let id = try await table.create(["fine": 1]).id
        func isRefused(_ body: () async throws -> Void) async -> Bool {
            do { try await body() } catch let error as StoreError {
                guard case .invalidRecord = error.reason else { return false }
                return error.field?.hasSameBytes(as: path) ?? false
            } catch { return false }
            return false
        }
        #expect(await isRefused { _ = try await table.create(fields) })
        #expect(await isRefused { _ = try await table.update(id, fields: fields) })
        #expect(
            await isRefused {
                _ = try await table.update(id) { record in for (name, value) in fields { record[name] = value } }
            })
        let entry = try #require(try await fixture.store.outbox.entries().first)
        #expect(await isRefused { try await fixture.store.outbox.edit(entry.id, set: fields) })
        #expect(try await fixture.store.outbox.entries().map(\.fields) == [["fine": 1]])
    }

    @Test("are refused online before anything is sent", arguments: flawed)
    func online(_ fields: JSONObject, _ path: String) async throws {
        let transport = ScriptedTransport(.json(recordText()))
        let table = try testClient(transport).table("things")
        func isRefused(_ error: BkendError?) -> Bool {
            guard case .encoding(let error)? = error?.reason else { return false }
            return error.path.hasSameBytes(as: path) || error.path.hasSameBytes(as: "[0].\(path)")
        }
        #expect(isRefused(await failure { () throws(BkendError) in try await table.create(fields) }))
        if path != "" {
            #expect(isRefused(await failure { () throws(BkendError) in try await table.createAll([fields]) }))
        }
        #expect(isRefused(await failure { () throws(BkendError) in try await table.update("x", fields: fields) }))
        #expect(transport.sent.isEmpty)
    }

    @Test("A top-level name that is a local id becomes the server's id, in the record, the outbox and queries")
    func localIDs() async throws {
        let fixture = try LocalFixture()
        let person = try await fixture.store.table("people").create(["name": "Ada"])
        let votes = fixture.store.table("votes")
        let poll = try await votes.create([person.id: true, "open": [person.id: 1]])
        #expect(try await fixture.store.outbox.entries().map(\.state) == [.queued, .queued])
        #expect(try await fixture.store.open.read { try $0.outbox.dependencies(of: 2) } == [person.id])
        #expect(try await votes.where { $0[person.id] == true }.count() == 1)
        try await fixture.confirmCreate(person.id, as: "s1", table: "people")
        let named = try #require(try await votes.get(poll.id)).model
        #expect(named["s1"] == true && named["open"] == ["s1": 1] && named[person.id] == nil)
        #expect(try await fixture.store.outbox.entries().map(\.fields) == [["s1": true, "open": ["s1": 1]]])
        #expect(try await votes.where { $0[person.id] == true }.count() == 1)
        #expect(try await votes.update(poll.id, fields: [person.id: false]).model["s1"] == false)
        let entry = try #require(try await fixture.store.outbox.entries().last)
        #expect(entry.fields["s1"] == false && entry.fields[person.id] == nil)
        try await fixture.store.outbox.edit(entry.id, removing: [person.id])
        #expect(try await votes.get(poll.id)?.model["s1"] == true)
    }
}
