import BkendWire
import Crypto
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import BkendServer

/// Objects in a bucket: the promises of the folder, kept by a real service. One after the other, since faults are the
/// service's.
extension S3Tests {
    @Suite struct S3StorageTests {
        private struct World {
            let service: S3Service
            let client: S3Client
            let storage: S3Storage
            let prefix: String
            let folder: String

            /// What lies under the prefix.
            func names() async throws -> [String] {
                var names: [String] = []
                try await client.list(prefix) { names += $0.entries.map(\.name) }
                return names
            }

            func stored(_ bytes: [UInt8], announced: Bool = true) async throws -> String {
                let draft = try await storage.begin(bytes: announced ? bytes.count : nil)
                for start in stride(from: 0, to: bytes.count, by: 100_000) {
                    try await draft.write(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + 100_000)]))
                }
                #expect(try await draft.store() == Data(SHA256.hash(data: bytes)))
                draft.release()
                return draft.name
            }

            func read(_ name: String, _ range: Range<Int>) async throws -> [UInt8] {
                let reader = try await storage.open(name, for: range)
                var bytes: [UInt8] = []
                while bytes.count < range.count {
                    let piece = try await reader.read(
                        at: range.lowerBound + bytes.count, count: min(128 << 10, range.count - bytes.count))
                    if piece.readableBytes == 0 { break }
                    bytes += piece.readableBytesView
                }
                return bytes
            }
        }

        private func withWorld(_ body: (World) async throws -> Void) async throws {
            try await withFolder { folder in
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let service = try S3Service.shared()
                try await service.fail([])
                let prefix = S3Service.prefix() + "/default/dev/"
                let client = try service.client(prefix, in: folder)
                let storage = try S3Storage(client, at: prefix, folder: folder + "/objects", sweepInterval: .zero)
                try await body(
                    World(service: service, client: client, storage: storage, prefix: prefix, folder: folder))
                try await service.fail([])
            }
        }

        private static func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        }

        @Test(
            "Objects of any size are stored whole, with the digest of their bytes, and read by ranges",
            arguments: [1, 1_000, S3Draft.mostHeld, S3Draft.mostHeld + 1, 3_000_000], [true, false])
        func storing(count: Int, isAnnounced: Bool) async throws {
            try await withWorld { world in
                let bytes = Self.bytes(count)
                let name = try await world.stored(bytes, announced: isAnnounced)
                #expect(try await world.names() == [name])
                #expect(try await world.read(name, 0..<count) == bytes)
                let middle = count / 3..<max(count / 3 + 1, count / 2)
                #expect(try await world.read(name, middle) == Array(bytes[middle]))
                #expect(try await world.read(name, count - 1..<count) == [bytes[count - 1]])
                // A reader whose asker goes elsewhere.
                let reader = try await world.storage.open(name)
                #expect(try await reader.read(at: count - 1, count: 10).readableBytes == 1)
                #expect(try await reader.read(at: 0, count: 1) == ByteBuffer(bytes: [bytes[0]]))
                // Nothing is left of the draft here.
                #expect(try drafts(world) == [])
                #expect(try await world.storage.delete([name, name]))
                #expect(try await world.names() == [])
            }
        }

        @Test("A large object is read in the memory of some pieces")
        func memory() async throws {
            try await withWorld { world in
                let count = 20_000_000
                let name = try await world.stored(Self.bytes(count))
                let reader = try #require(try await world.storage.open(name) as? S3Reader)
                var read = 0
                while read < count {
                    let piece = try await reader.read(at: read, count: min(100_000, count - read))
                    if piece.readableBytes == 0 { break }
                    read += piece.readableBytes
                }
                let capacity = await reader.capacity
                #expect(read == count && capacity <= 4 << 20, "\(capacity)")
            }
        }

        private func drafts(_ world: World) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: world.folder + "/objects")
                .filter { $0 != ObjectFolder.lockName && $0 != ObjectFolder.asideName }
        }

        @Test("A draft that is let go or discarded leaves nothing", arguments: [1_000, 600_000])
        func letGo(count: Int) async throws {
            try await withWorld { world in
                var draft: (any ObjectDraft)? = try await world.storage.begin(bytes: count)
                try await draft?.write(ByteBuffer(bytes: Self.bytes(count / 2)))
                draft = nil
                #expect(try await world.names() == [] && drafts(world) == [])
                let stored = try await world.storage.begin(bytes: count)
                try await stored.write(ByteBuffer(bytes: Self.bytes(count)))
                _ = try await stored.store()
                #expect(try await world.names() == [stored.name])
                await stored.discard()
                #expect(try await world.names() == [] && drafts(world) == [])
                var forgotten: (any ObjectDraft)? = try await world.storage.begin(bytes: count)
                try await forgotten?.write(ByteBuffer(bytes: Self.bytes(count)))
                _ = try await forgotten?.store()
                forgotten = nil
                // Deleted by a task of its own.
                while try await world.names() != [] { await Task.yield() }
            }
        }

        @Test("Fewer or more bytes than were announced are no object", arguments: [1_000, 600_000])
        func otherLength(count: Int) async throws {
            try await withWorld { world in
                for sent in [count - 1, count + 1] {
                    await #expect(throws: (any Error).self) {
                        let draft = try await world.storage.begin(bytes: count)
                        try await draft.write(ByteBuffer(bytes: Self.bytes(sent)))
                        _ = try await draft.store()
                    }
                }
                while try await world.names() != [] { await Task.yield() }
            }
        }

        @Test("A small PUT, a read, a list and a deletion are sent again while the service is busy")
        func busy() async throws {
            try await withWorld { world in
                let bytes = Self.bytes(50_000)
                func busy(_ method: String) -> JSONObject {
                    ["method": .string(method), "count": 2, "status": 503, "code": "SlowDown"]
                }
                try await world.service.fail([busy("PUT"), busy("GET"), busy("DELETE")])
                let name = try await world.stored(bytes)
                #expect(try await world.read(name, 0..<50_000) == bytes)
                #expect(try await world.storage.delete([name]))
                #expect(try await world.service.requests().count == 9)
                #expect(try await world.names() == [])
            }
        }

        @Test("A large PUT that the service refuses ends with its code, and leaves nothing")
        func refused() async throws {
            try await withWorld { world in
                try await world.service.fail([["method": "PUT", "count": 9, "status": 503, "code": "SlowDown"]])
                let failure = await #expect(throws: S3Failure.self) {
                    _ = try await world.stored(Self.bytes(8_000_000))
                }
                #expect(failure?.answer.status == 503)
                #expect(failure?.key.hasPrefix(world.prefix) == true && failure?.bucket == S3Service.bucket)
                try await world.service.fail([])
                #expect(try await world.names() == [])
            }
        }

        @Test("A connection that breaks in the middle of a PUT leaves nothing; a small one is sent again")
        func brokenPUT() async throws {
            try await withWorld { world in
                let fault: JSONObject = ["method": "PUT", "count": 1, "breakAfter": 40_000]
                try await world.service.fail([fault])
                await #expect(throws: S3Failure.self) { _ = try await world.stored(Self.bytes(8_000_000)) }
                #expect(try await world.names() == [])
                try await world.service.fail([fault])
                let bytes = Self.bytes(200_000)
                let name = try await world.stored(bytes)
                #expect(try await world.read(name, 0..<200_000) == bytes)
            }
        }

        @Test("A read that breaks off goes on where it was")
        func brokenGET() async throws {
            try await withWorld { world in
                let bytes = Self.bytes(2_000_000)
                let name = try await world.stored(bytes)
                try await world.service.fail([["method": "GET", "count": 2, "breakAnswerAfter": 300_000]])
                #expect(try await world.read(name, 10..<2_000_000) == Array(bytes[10...]))
                #expect(try await world.service.requests().count == 3)
                try await world.service.fail([["method": "GET", "count": 99, "breakAnswerAfter": 0]])
                await #expect(throws: S3Failure.self) { _ = try await world.read(name, 0..<2_000_000) }
            }
        }

        @Test("A sweep puts aside what no row names, and neither what is named nor what is being written")
        func sweeping() async throws {
            try await withWorld { world in
                let named = try await world.stored([1])
                let unnamed = try await world.stored([2])
                let waiting = try await world.storage.begin(bytes: 1)
                try await waiting.write(ByteBuffer(bytes: [3]))
                _ = try await waiting.store()
                try await world.client.put(world.prefix + "notes.txt", [4])
                // What a killed server leaves: a draft whose lock is free.
                try Data().write(to: URL(filePath: "\(world.folder)/objects/\(unnamed).part"))
                let swept = try await world.storage.sweep { names in names.filter { $0 != named } }
                #expect(swept == SweptObjects(deleted: 1, putAside: 1))
                #expect(
                    try await world.names() == [named, waiting.name].sorted() + ["notes.txt", "unclaimed/\(unnamed)"])
                #expect(try await world.client.bytes(of: "\(world.prefix)unclaimed/\(unnamed)") == [2])
                // Young, by the service's clock: it stays.
                #expect(try await world.storage.sweep { _ in [] } == SweptObjects())
                // Old, by the service's clock: it goes.
                let later = try S3Storage(
                    world.client, at: world.prefix, folder: world.folder + "/objects", asideMilliseconds: -60_000)
                #expect(try await later.sweep { _ in [] } == SweptObjects(deleted: 1))
                #expect(try await world.names() == [named, waiting.name].sorted() + ["notes.txt"])
                // Listed a moment ago: not again so soon.
                try await world.client.put(world.prefix + unnamed, [2])
                #expect(try await later.sweep { $0 } == SweptObjects())
                waiting.release()
            }
        }

        @Test("What gets its row between two looks stays; nothing is taken while a backup is made")
        func held() async throws {
            try await withWorld { world in
                let name = try await world.stored([1])
                let looks = Mutex(0)
                _ = try await world.storage.sweep { names in
                    looks.withLock { looks in
                        looks += 1
                        return looks == 1 ? names : []
                    }
                }
                #expect(try await world.names() == [name])
                let lock = try #require(try FolderLock(world.folder + "/objects", isWaiting: true))
                #expect(try await !world.storage.delete([name]))
                #expect(try await world.storage.sweep { $0 } == SweptObjects())
                lock.release()
                #expect(try await world.names() == [name])
            }
        }

        @Test("Lists come in pages, whatever their length")
        func pages() async throws {
            try await withWorld { world in
                var stored: [String] = []
                for byte in 0..<25 { stored.append(try await world.stored([UInt8(byte)])) }
                var (listed, pages) = ([String](), 0)
                try await world.client.list(world.prefix, most: 10) { page in
                    pages += 1
                    listed += page.entries.map(\.name)
                    #expect(
                        page.entries.allSatisfy { page.age(of: $0).map { (-2_000..<600_000).contains($0) } == true })
                }
                #expect(pages == 3 && listed == stored.sorted())
            }
        }

        @Test("An object that isn't there, and a name that is none, say so")
        func missing() async throws {
            try await withWorld { world in
                let name = String(repeating: "0", count: 32)
                let failure = await #expect(throws: S3Failure.self) { _ = try await world.storage.open(name) }
                #expect(failure?.answer.status == 500 && failure?.description.contains("NoSuchKey") == true)
                await #expect(throws: ObjectFailure.self) { _ = try await world.storage.open("../x") }
                let isDone = try await world.storage.delete(["../x", name])
                #expect(isDone)
            }
        }

        @Test("A wrong secret is refused, and no text has the secret")
        func wrongSecret() async throws {
            try await withWorld { world in
                let wrong = "wrong/" + world.service.secretKey
                let path = try world.service.credentials(in: world.folder, secretKey: wrong)
                let client = try world.service.client(world.prefix, in: world.folder) { $0.credentials = path }
                let failure = await #expect(throws: S3Failure.self) { try await client.put(world.prefix + "x", [1]) }
                let text = String(describing: failure) + String(reflecting: failure)
                #expect(text.contains("SignatureDoesNotMatch") && !text.contains(wrong))
                #expect(try await world.names() == [])
                await #expect(throws: S3Failure.self) {
                    try await world.client.put("elsewhere/x", [1])
                }
            }
        }

        @Test("A service that isn't there is 503 for clients, and says where it was looked for")
        func down() async throws {
            try await withWorld { world in
                let client = try world.service.client(world.prefix, in: world.folder) {
                    $0.endpoint = "http://127.0.0.1:1"
                }
                let failure = await #expect(throws: S3Failure.self) { try await client.put(world.prefix + "x", [1]) }
                #expect(failure?.answer.status == 503)
                #expect(failure?.description.contains("cannot-connect") == true)
                #expect(failure?.description.contains("127.0.0.1:1") == true)
            }
        }
    }
}

/// Everything that needs the service, one test after the other.
@Suite(.serialized, .enabled(if: S3Service.isAvailable, "the S3 service of the tests can't be had here"))
enum S3Tests {}
