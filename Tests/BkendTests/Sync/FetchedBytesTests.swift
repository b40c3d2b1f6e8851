import BkendSync
import BkendWire
import Foundation
import Testing

@testable import Bkend

/// A file's bytes over a real connection: which belong together, and what isn't taken.
@Suite struct FetchedBytesTests {
    /// Ten bytes, of which some may be here already.
    private struct World {
        let folder: FileFolder
        let storage: LoopbackServer
        let client: BkendClient

        /// - Parameter answer: what the storage answers; nil for a connection that breaks.
        static func run(
            _ answer: @escaping @Sendable (String) -> String?, _ body: (World) async throws -> Void
        ) async throws {
            let path = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            let storage = try LoopbackServer(answer)
            defer { storage.stop() }
            let client = try BkendClient(url: storage.url, key: testKey, options: quietOptions())
            try await body(World(folder: FileFolder(path), storage: storage, client: client))
            await client.shutdown()
        }

        /// Puts bytes there as a former piece has left them.
        func leave(_ text: String) throws {
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: folder.file("f")))
        }

        func fetch(
            have: Int64 = 0, tag: String? = nil, most: Int64 = 100, size: Int64? = 10, limit: Int64 = 10
        ) async -> Verdict {
            let get = BytesGet(
                url: "\(storage.url)/a/b.png?sig=1", name: "f", have: have, tag: tag, most: most, size: size,
                limit: limit)
            let sender = ClientSender(client.runner, files: folder)
            let response = await sender.send(SyncRequest(.get(get), user: "", deadline: .seconds(20)))
            return Verdict(.get(get), response)
        }

        var bytes: String { (try? String(contentsOfFile: folder.file("f"), encoding: .utf8)) ?? "" }
    }

    private static let sum = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"

    private static func answer(_ status: String, _ fields: [String], _ body: String, length: Int? = nil) -> String {
        (["HTTP/1.1 \(status)", "Content-Length: \(length ?? body.utf8.count)", "Connection: close"] + fields)
            .joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    @Test("Bytes come whole, with their digest, and the request has neither key nor token")
    func whole() async throws {
        try await World.run({ _ in Self.answer("200 OK", ["ETag: \"t\"", "Content-Type: image/png"], "0123456789") }) {
            let verdict = await $0.fetch()
            #expect(
                verdict
                    == .bytes(
                        .came(
                            ReceivedBytes(start: 0, have: 10, total: 10, sha256: Self.sum, type: "image/png"),
                            tag: "\"t\"")))
            #expect($0.bytes == "0123456789")
            let request = try #require($0.storage.received.first)
            #expect(request.hasPrefix("GET /a/b.png?sig=1 ") && request.lowercased().contains("range: bytes=0-99"))
            #expect(!request.contains(testKey) && !request.lowercased().contains("authorization"))
        }
    }

    @Test("A piece goes on where the last one ended, if the storage says that they belong together")
    func resumed() async throws {
        try await World.run({ request in
            guard request.lowercased().contains("range: bytes=4-6"), request.contains("\"t\"") else { return nil }
            return Self.answer("206 Partial Content", ["ETag: \"t\"", "Content-Range: bytes 4-6/10"], "456")
        }) {
            // What lies behind was never said to be durable.
            try $0.leave("0123xxxxxxxxx")
            let verdict = await $0.fetch(have: 4, tag: "\"t\"", most: 3)
            #expect(verdict == .bytes(.came(ReceivedBytes(start: 4, have: 7, total: 10), tag: "\"t\"")))
            #expect($0.bytes == "0123456")
        }
        try await World.run({ _ in
            Self.answer("206 Partial Content", ["ETag: \"t\"", "Content-Range: bytes 4-9/10"], "456789")
        }) {
            try $0.leave("0123")
            guard case .bytes(.came(let bytes, _)) = await $0.fetch(have: 4, tag: "\"t\"") else {
                Issue.record("nothing came")
                return
            }
            #expect(bytes.sha256 == Self.sum && $0.bytes == "0123456789")
        }
    }

    @Test(
        "A part of other bytes, from another place or of another tag, is never put to those that are here",
        arguments: [
            ["ETag: \"u\"", "Content-Range: bytes 4-9/10"], ["ETag: \"t\"", "Content-Range: bytes 3-9/10"],
            ["Content-Range: bytes 4-9/10"], ["ETag: W/\"t\"", "Content-Range: bytes 4-9/10"], ["ETag: \"t\""],
            ["ETag: \"t\"", "Content-Range: bytes 4-12/10"],
        ])
    func otherPart(fields: [String]) async throws {
        try await World.run({ _ in Self.answer("206 Partial Content", fields, "xxxxxx") }) {
            try $0.leave("0123")
            #expect(await $0.fetch(have: 4, tag: "\"t\"") == .bytes(.changed))
            #expect($0.bytes == "0123")
        }
    }

    @Test("Other bytes under the same address come whole, from the beginning")
    func changed() async throws {
        try await World.run({ _ in Self.answer("200 OK", ["ETag: \"u\""], "9876543210") }) {
            try $0.leave("0123")
            guard case .bytes(.came(let bytes, "\"u\"")) = await $0.fetch(have: 4, tag: "\"t\"") else {
                Issue.record("nothing came")
                return
            }
            #expect(bytes.start == 0 && bytes.have == 10 && $0.bytes == "9876543210")
        }
    }

    @Test(
        "Somebody else's page takes nothing away",
        arguments: [
            ("200 OK", ["Content-Type: text/html"], "sign in to the network"),
            ("302 Found", ["Location: http://portal.example/"], ""), ("503 Busy", [], "later"),
        ])
    func portal(status: String, fields: [String], body: String) async throws {
        try await World.run({ _ in Self.answer(status, fields, body) }) {
            try $0.leave("0123")
            guard case .bytes(.silent) = await $0.fetch(have: 4, tag: "\"t\"") else {
                Issue.record("taken for a storage's word")
                return
            }
            #expect($0.bytes == "0123" && $0.storage.received.count == 1)
        }
    }

    @Test("Another number of bytes than the server's record has isn't taken")
    func otherSize() async throws {
        try await World.run({ _ in Self.answer("200 OK", ["ETag: \"p\""], "a portal") }) {
            try $0.leave("0123")
            #expect(await $0.fetch(have: 4, tag: "\"t\"") == .bytes(.otherSize(8)))
            #expect($0.bytes == "0123")
        }
    }

    @Test("A first part without a strong tag isn't begun with: the whole is asked for")
    func weak() async throws {
        try await World.run({ request in
            request.lowercased().contains("range:")
                ? Self.answer("206 Partial Content", ["ETag: W/\"t\"", "Content-Range: bytes 0-2/10"], "012")
                : Self.answer("200 OK", ["ETag: W/\"t\""], "0123456789")
        }) {
            guard case .bytes(.came(let bytes, nil)) = await $0.fetch(most: 3) else {
                Issue.record("nothing came")
                return
            }
            #expect(bytes.sha256 == Self.sum && $0.storage.received.count == 2)
        }
    }

    @Test("What came before the connection broke is kept")
    func cut() async throws {
        try await World.run({ _ in Self.answer("200 OK", ["ETag: \"t\""], "01234", length: 10) }) {
            #expect(
                await $0.fetch() == .bytes(.came(ReceivedBytes(start: 0, have: 5, total: 10), tag: "\"t\"")))
            #expect($0.bytes == "01234")
        }
    }

    @Test("More bytes than may come don't come, whether the storage says so before or not")
    func tooMany() async throws {
        try await World.run({ _ in Self.answer("200 OK", ["ETag: \"t\""], "0123456789ab") }) {
            #expect(await $0.fetch(size: nil) == .bytes(.otherSize(12)))
            #expect($0.bytes.isEmpty)
        }
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"t\"\r\nConnection: close\r\n\r\n"
            + "c\r\n0123456789ab\r\n0\r\n\r\n"
        try await World.run({ _ in chunked }) {
            #expect(await $0.fetch(size: nil) == .bytes(.otherSize(.max)))
            #expect($0.bytes.isEmpty)
        }
    }

    @Test("Two can't fetch the same bytes at once, and nobody hears of an address without encryption elsewhere")
    func alone() async throws {
        try await World.run({ _ in Self.answer("200 OK", ["ETag: \"t\""], "0123456789") }) { world in
            let other = try FetchedFile("f", have: 0, in: world.folder)
            guard case .bytes(.unwritable) = await world.fetch() else {
                Issue.record("two at once")
                return
            }
            withExtendedLifetime(other) {}
            let get = BytesGet(
                url: "http://storage.example/a", name: "g", have: 0, tag: nil, most: 10, limit: 10)
            let sender = ClientSender(world.client.runner, files: world.folder)
            let response = await sender.send(SyncRequest(.get(get), user: "", deadline: .seconds(20)))
            guard case .bytes(.refused) = Verdict(.get(get), response) else {
                Issue.record("\(response)")
                return
            }
            #expect(world.storage.received.isEmpty)
        }
    }

    @Test("All bytes are looked at before the last part leaves, and other parts leave as they are")
    func lastPart() async throws {
        try await World.run({ _ in Self.answer("200 OK", ["ETag: \"e\""], "") }) { world in
            try world.leave("0123456789")
            func send(_ part: Range<Int64>, sha256: String = Self.sum) async -> Verdict {
                let put = BytesPut(
                    url: "\(world.storage.url)/a?part", type: nil, name: "f", size: 10, part: part, sha256: sha256,
                    sendsDigest: false)
                let sender = ClientSender(world.client.runner, files: world.folder)
                let response = await sender.send(SyncRequest(.put(put), user: "", deadline: .seconds(20)))
                return Verdict(.put(put), response)
            }
            #expect(await send(0..<6, sha256: "other") == .storage(.stored(tag: "\"e\"")))
            #expect(await send(6..<10) == .storage(.stored(tag: "\"e\"")))
            let requests = world.storage.received
            #expect(requests.first?.hasSuffix("012345") == true && requests.last?.hasSuffix("6789") == true)
            #expect(requests.last?.hasSuffix("56789") == false)
            guard case .storage(.bytesMissing) = await send(6..<10, sha256: "other") else {
                Issue.record("sent")
                return
            }
            #expect(world.storage.received.count == 2)
        }
    }
}
