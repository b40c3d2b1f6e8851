import Bkend
import Synchronization
import Testing

/// The walk over all records, against a list that answers by the query's own rules.
@Suite("All records")
struct AllRecordsTests {
    private static func id(_ number: Int) -> String { "id" + String(1_000 + number) }

    /// A server of ids that knows `id` bounds and the direction.
    private final class Shelf: Sendable {
        let ids: Mutex<[String]>
        /// The most records of a page, and what a larger one is told to ask for.
        let most: Int
        let named: Int?

        init(_ numbers: some Sequence<Int>, most: Int = .max, named: Int? = nil) {
            self.most = most
            self.named = named
            ids = Mutex(numbers.map(AllRecordsTests.id))
        }

        func answer(_ request: ScriptedTransport.Sent) -> ScriptedTransport.Answer {
            guard let query = try? Query(queryItems: request.query), let form = try? query.filter.rest() else {
                return .json("{}", status: 400)
            }
            let ascending = query.sort.first?.direction == .ascending
            let matching = ids.withLock { $0 }.filter { id in
                form.allOf.allSatisfy { condition in
                    condition.field != "id"
                        || condition.operators.allSatisfy { test in
                            switch test {
                            case .greater(.string(let bound)): id > bound
                            case .less(.string(let bound)): id < bound
                            case .lessOrEqual(.string(let bound)): id <= bound
                            default: false
                            }
                        }
                }
            }.sorted { ascending ? $0 < $1 : $0 > $1 }
            if min(matching.count, query.page.limit) > most {
                let limit = named.map { #","largestLimit":\#($0)"# } ?? ""
                return .json(#"{"error":{"code":"data/page-too-large","message":"m"\#(limit)}}"#, status: 400)
            }
            let part = matching.prefix(query.page.limit)
            return .json(
                pageText(part.map { recordText($0) }, total: matching.count, hasNext: part.count < matching.count))
        }
    }

    private func walk(
        _ shelf: Shelf, _ query: (RemoteTable<Book>) -> ResultSequence<Record<Book>, BkendError>
    ) async throws -> [String] {
        let transport = ScriptedTransport { request throws(TransportError) in shelf.answer(request) }
        var ids: [String] = []
        for try await record in query(try testClient(transport).table(Book.self)) { ids.append(record.id) }
        return ids
    }

    @Test("every record once, in batches, in either direction")
    func everything() async throws {
        let all = (0..<25).map(Self.id)
        #expect(try await walk(Shelf(0..<25)) { $0.all(batch: 10) } == all)
        #expect(try await walk(Shelf(0..<20)) { $0.all(batch: 10) } == Array(all.prefix(20)))
        #expect(try await walk(Shelf([])) { $0.all() }.isEmpty)
        #expect(try await walk(Shelf(0..<25)) { $0.order(by: \.id, .descending).all(batch: 7) } == all.reversed())
    }

    @Test("a bound on id in the filter holds, and gives way to the tighter one")
    func bounded() async throws {
        let ids = try await walk(Shelf(0..<30)) { books in
            books.where { $0.id > Self.id(4) && $0.id <= Self.id(20) && $0.pages > 3 }.all(batch: 5)
        }
        #expect(ids == (5...20).map(Self.id))
        let transport = ScriptedTransport { [shelf = Shelf(0..<9)] request throws(TransportError) in
            shelf.answer(request)
        }
        let books = try testClient(transport).table(Book.self)
        for try await _ in books.where({ ($0.pages > 3 || $0.title == "x") && $0.id > Self.id(4) }).all(batch: 2) {}
        #expect(
            transport.lines == [
                #"GET /v1/data/books?limit=2&sortBy=id&sortDirection=asc&andFilters={"id":{"$gt":"id1004"}}&orFilters={"pages":{"$gt":3},"title":"x"}"#,
                #"GET /v1/data/books?limit=2&sortBy=id&sortDirection=asc&andFilters={"id":{"$gt":"id1006"}}&orFilters={"pages":{"$gt":3},"title":"x"}"#,
            ])
    }

    @Test("inserts and deletes meanwhile neither skip nor repeat a record that stays")
    func concurrentChanges() async throws {
        let shelf = Shelf((0..<40).filter { $0 % 2 == 0 })
        let transport = ScriptedTransport { request throws(TransportError) in shelf.answer(request) }
        var ids: [String] = []
        for try await record in try testClient(transport).table(Book.self).all(batch: 5) {
            ids.append(record.id)
            if ids.count == 7 {
                shelf.ids.withLock { ids in
                    ids.removeAll { $0 == Self.id(0) || $0 == Self.id(2) || $0 == Self.id(30) }  // two read, one ahead
                    ids += [Self.id(1), Self.id(35)]  // one behind, one ahead
                }
            }
        }
        #expect(ids == ((0..<40).filter { $0 % 2 == 0 && $0 != 30 } + [35]).sorted().map(Self.id))
    }

    @Test("a server that answers fewer records at once is asked for so many, named or halved")
    func pageTooLarge() async throws {
        for (most, named) in [(7, 7), (7, nil), (1, 1), (1, nil), (3, 90)] as [(Int, Int?)] {
            let shelf = Shelf(0..<60, most: most, named: named)
            let transport = ScriptedTransport { request throws(TransportError) in shelf.answer(request) }
            var ids: [String] = []
            for try await record in try testClient(transport).table(Book.self).all() { ids.append(record.id) }
            #expect(ids == (0..<60).map(Self.id))
            // The way down, and now and then a try for more.
            #expect(transport.sent.count <= 2 * 60 / most + 15, "\(most)")
        }
    }

    @Test("one record that is too large ends the walk, and a single page says how many rows fit")
    func tooLargeAlone() async throws {
        let shelf = Shelf(0..<60, most: 0, named: 0)
        let books = try testClient(ScriptedTransport { request throws(TransportError) in shelf.answer(request) }).table(
            Book.self)
        let walk = await failure { () async throws(BkendError) in for try await _ in books.all() {} }
        #expect(walk?.code == .pageTooLarge)
        let small = Shelf(0..<60, most: 7, named: 7)
        let others = try testClient(ScriptedTransport { request throws(TransportError) in small.answer(request) })
            .table(
                Book.self)
        let page = await failure { () async throws(BkendError) in try await others.page(limit: 50) }
        #expect(page?.code == .pageTooLarge && page?.largestLimit == 7)
        #expect(page?.description.contains("fewer rows") == true)
    }

    @Test("another order, and a server that ignores the filter, end the walk with an error")
    func refused() async throws {
        let books = try testClient(ScriptedTransport(.json(pageText([recordText("a")], hasNext: true)))).table(
            Book.self)
        var seen = 0
        await #expect(throws: BkendError.self) {
            for try await _ in books.all() { seen += 1 }
        }
        #expect(seen == 1)
        await #expect(throws: BkendError.self) { for try await _ in books.order(by: \.title).all() {} }
    }

    @Test("a row that doesn't fit the model throws by its id, and the walk goes on behind it")
    func undecodable() async throws {
        let rows = [recordText("a1"), recordText("a2", #""title":7"#), recordText("a3"), recordText("a4", "")]
        let transport = ScriptedTransport { request throws(TransportError) in
            let isSecond = request.query.contains { $0.value.contains("a4") }
            return .json(isSecond ? pageText([recordText("a5")]) : pageText(rows, total: 5, hasNext: true))
        }
        var walk = try testClient(transport).table(Book.self).all(batch: 4).makeAsyncIterator()
        var seen: [String] = []
        while true {
            do throws(BkendError) {
                guard let record = try await walk.next() else { break }
                seen.append(record.id)
            } catch {
                guard case .decoding(let flaw, let id?) = error.reason else { throw error }
                seen.append("\(id): \(flaw.path)")
            }
        }
        #expect(seen == ["a1", "a2: title", "a3", "a4: title", "a5"])
    }

    @Test("A page keeps the rows that fit; those that don't stand beside them with id and path")
    func undecodableInPage() async throws {
        let rows = [recordText("a1"), recordText("a2", #""title":7"#), recordText("a3")]
        let books = try testClient(ScriptedTransport(.json(pageText(rows)))).table(Book.self)
        let page = try await books.page()
        #expect(page.records.map(\.id) == ["a1", "a3"] && page.pagination.total == 3)
        #expect(page.undecodable.map(\.id) == ["a2"] && page.undecodable.map(\.error.path) == ["title"])
        let flawed = try testClient(ScriptedTransport(.json(pageText([rows[1]])))).table(Book.self)
        let error = await failure { () async throws(BkendError) in try await flawed.first() }
        guard case .decoding(let flaw, let id) = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(flaw.path == "title" && id == "a2")
    }
}
