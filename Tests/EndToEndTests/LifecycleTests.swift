import Bkend
import BkendTesting
import BkendWire
import Foundation
import Testing

/// Servers and clients come and go.
@Suite(.serialized) struct LifecycleTests {
    @Test("What was written is there after a restart, under the same ids and keys")
    func restart() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-restart-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var server = try await TestServer.start(folder: folder, tables: Fixture.tables)
        let key = server.secretKey
        var client = try BkendClient(url: server.url, key: key, options: .silent)
        let written = try await client.table(Article.self).createAll((0..<20).map { Article(title: "\($0)") })
        await client.shutdown()
        try await server.stop()

        server = try await TestServer.start(folder: folder)
        client = try BkendClient(url: server.url, key: key, options: .silent)
        for record in written { #expect(try await client.table(Article.self).get(record.id) == record) }
        await client.shutdown()
        try await server.stop()
    }

    @Test("A server that is gone is a transport error; a read finds the next server")
    func serverGone() async throws {
        let port = try ReservedPort()
        let server = try await TestServer.start(tables: Fixture.tables, port: port.number)
        let client = try BkendClient(url: server.url, key: server.secretKey, options: .silent)
        try await client.table(Article.self).create(Article(title: "One"))
        try await server.stop()
        let error = await #expect(throws: BkendError.self) {
            try await client.table(Article.self).create(
                Article(title: "Two"), options: CallOptions(deadline: .seconds(2), retry: .never))
        }
        guard case .transport = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        withExtendedLifetime(port) {}
        await client.shutdown()
    }

    @Test("Requests in flight are answered when the server stops")
    func gracefulStop() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-stop-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try await TestServer.start(folder: folder, tables: Fixture.tables)
        let client = try BkendClient(url: server.url, key: server.secretKey, options: .silent)
        let articles = client.table(Article.self)
        let options = CallOptions(retry: .never)
        // Writers run until the server is gone; each create that returned must be there afterwards.
        let first = AsyncStream<Void>.makeStream()
        let written = try await withThrowingTaskGroup(of: [String].self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var ids: [String] = []
                    while let record = try? await articles.create(Article(title: "\(writer)"), options: options) {
                        ids.append(record.id)
                        first.continuation.yield()
                    }
                    return ids
                }
            }
            var started = first.stream.makeAsyncIterator()
            for _ in 0..<40 { await started.next() }
            try await server.stop()
            return try await group.reduce(into: [String]()) { $0 += $1 }
        }
        await client.shutdown()
        let again = try await TestServer.start(folder: folder)
        let reader = try BkendClient(url: again.url, key: server.secretKey, options: .silent)
        for id in written { _ = try await reader.table(Article.self).get(id) }
        #expect(written.count >= 40)
        await reader.shutdown()
        try await again.stop()
    }

    @Test("10,000 requests in sequence and 64 at once leave no descriptors and no memory behind")
    func steady() async throws {
        try await Fixture.run { fixture in
            let articles = fixture.articles
            let id = try await articles.create(Article(title: "One")).id
            @Sendable func load(_ count: Int, lanes: Int) async throws {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<lanes {
                        group.addTask { for _ in 0..<(count / lanes) { _ = try await articles.get(id) } }
                    }
                    try await group.waitForAll()
                }
            }
            // Pools, caches and the allocator reach their size first.
            try await load(2_000, lanes: 64)
            let before = ProcessFigures()
            try await load(10_000, lanes: 1)
            try await load(10_048, lanes: 64)
            let after = ProcessFigures()
            #expect(after.descriptors <= before.descriptors)
            #expect(after.residentBytes < before.residentBytes + 48 << 20)
        }
    }
}

/// What this process holds right now, by `/proc`.
struct ProcessFigures {
    let descriptors: Int
    let residentBytes: Int

    init() {
        descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
        residentBytes = (pages?.dropFirst().first.flatMap { Int($0) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
