import Bkend
import Synchronization
import Testing

@Suite("Changes of many records online")
struct RemoteBatchTests {
    /// A server of some records, in order, and of what it answers to writes.
    private func server(
        _ rows: [String], writes: @escaping @Sendable (ScriptedTransport.Sent) -> ScriptedTransport.Answer
    ) -> ScriptedTransport {
        ScriptedTransport { request throws(TransportError) in
            if request.method != "GET" { return writes(request) }
            guard let query = try? Query(queryItems: request.query) else { return .json("{}", status: 400) }
            return .json(
                pageText(
                    Array(rows.prefix(query.page.limit)), total: rows.count, hasNext: rows.count > query.page.limit))
        }
    }

    private func writes(_ transport: ScriptedTransport) -> [String] {
        transport.sent.filter { $0.method != "GET" }.map { sent in
            "\(sent.method) \(sent.path.split(separator: "/").last ?? "") \(sent.body)"
        }
    }

    private static let refused = #"{"error":{"code":"data/permission-denied","message":"not yours"}}"#

    @Test("Each record is sent what differs; one that the server refuses stops no other")
    func update() async throws {
        let rows = [recordText("c"), recordText("b", #""title":7"#), recordText("a", #""title":"Dune","pages":1"#)]
        let transport = server(rows) { request in
            request.path.hasSuffix("c") ? .json(Self.refused, status: 403) : .json(recordText("a"))
        }
        let result = try await testClient(transport).table(Book.self).order(by: \.id, .descending).updateAll {
            $0.pages = 2
        }
        #expect(writes(transport) == [#"PATCH c {"pages":2}"#, #"PATCH a {"pages":2}"#])
        #expect(result.done == ["a"] && result.failed.map { $0.id } == ["c", "b"] && !result.isComplete)
        #expect(result.failed[0].error.code == .permissionDenied && result.error == nil && !result.hasMore)
    }

    @Test("A failure that concerns all ends it, with what was done; before the first record it throws")
    func ended() async throws {
        let rows = [recordText("a"), recordText("b"), recordText("c")]
        let transport = server(rows) { request in
            request.path.hasSuffix("b") ? .json("{}", status: 503) : .json(#"{"success":true}"#)
        }
        let books = try testClient(transport).table(Book.self)
        let result = try await books.order(by: \.id).deleteAll()
        #expect(result.done == ["a"] && result.error?.operation?.recordID == "b" && !result.isComplete)
        #expect(result.error?.mayHaveBeenApplied == true)

        let down = ScriptedTransport(.json(#"{"error":{"code":"data/invalid","message":"m"}}"#, status: 400))
        let table = try testClient(down).table(Book.self)
        #expect(await failure { () throws(BkendError) in try await table.order(by: \.id).deleteAll() } != nil)
    }

    @Test("The limit holds, and a record that is gone already is done")
    func limit() async throws {
        let rows = ["a", "b", "c"].map { recordText($0) }
        let transport = server(rows) { _ in
            .json(#"{"error":{"code":"data/not-found","message":"gone"}}"#, status: 404)
        }
        let books = try testClient(transport).table(Book.self).order(by: \.id)
        let result = try await books.deleteAll(limit: 2)
        #expect(result.done == ["a", "b"] && result.hasMore && !result.isComplete)
        #expect(transport.lines.first?.contains("limit=3") == true)
        for limit in [0, 10_001] {
            #expect(await failure { () throws(BkendError) in try await books.deleteAll(limit: limit) } != nil)
        }
        let byTitle = books.order(by: \.title)
        #expect(await failure { () throws(BkendError) in try await byTitle.deleteAll() } != nil)
    }

    @Test("Upsert looks, then changes or creates; a create that came too late changes the other's record")
    func upsert() async throws {
        let record = recordText("a", #""title":"Emma","isbn":"1""#)
        let found = ScriptedTransport(.json(pageText([record])), .json(record))
        try await testClient(found).table(Book.self).upsert(Book(title: "Emma II", isbn: "1"), by: \.isbn)
        #expect(writes(found) == [#"PATCH a {"title":"Emma II"}"#])
        #expect(found.lines[0].contains(#"andFilters={"isbn":"1"}"#) && found.lines[0].contains("limit=1"))

        let taken = #"{"error":{"code":"data/duplicate-value","message":"taken"}}"#
        let late = ScriptedTransport(
            .json(pageText([])), .json(taken, status: 409), .json(pageText([record])), .json(record))
        try await testClient(late).table(Book.self).upsert(Book(title: "Emma II", isbn: "1"), by: \.isbn)
        #expect(late.sent.map(\.method) == ["GET", "POST", "GET", "PATCH"])

        let other = ScriptedTransport(.json(pageText([])), .json(taken, status: 409), .json(pageText([])))
        let books = try testClient(other).table(Book.self)
        let error = await failure { () throws(BkendError) in
            try await books.upsert(Book(title: "Emma", isbn: "1"), by: \.isbn)
        }
        #expect(error?.code == .duplicateValue)
        let none = await failure { () throws(BkendError) in
            try await books.upsert(Book(title: "Emma"), by: \.isbn)
        }
        #expect(none?.mayHaveBeenApplied == false && other.sent.count == 3)
    }
}
