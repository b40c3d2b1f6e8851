import Bkend
import Foundation
import Synchronization
import Testing

@Suite("A session in a file")
struct FileSessionStoreTests {
    static let session = Session(server: "https://a/v1", userID: "ada", accessToken: "a1", refreshToken: "r1")

    @Test("What is saved is read by another store, in mode 0600, and nothing else is left in the folder")
    func save() async throws {
        try await withFolder { folder in
            let path = folder + "/deep/session.json"
            let store = try FileSessionStore(path: path)
            #expect(try await store.load() == nil)
            try await store.save(Self.session)
            var next = Self.session
            next.accessToken = "a2"
            next.status = .refreshing
            try await store.save(next)
            #expect(try await FileSessionStore(path: path).load() == next)
            let manager = FileManager.default
            #expect((try manager.attributesOfItem(atPath: path)[.posixPermissions] as? Int) == 0o600)
            #expect((try manager.attributesOfItem(atPath: folder + "/deep")[.posixPermissions] as? Int) == 0o700)
            #expect(try manager.contentsOfDirectory(atPath: folder + "/deep") == ["session.json"])
            try await store.save(nil)
            try await store.save(nil)
            #expect(try await store.load() == nil)
        }
    }

    @Test("A file that others may read, a link, and what is no session are refused by name")
    func refused() async throws {
        try await withFolder { folder in
            let path = folder + "/session.json"
            let store = try FileSessionStore(path: path)
            try await store.save(Self.session)
            chmod(path, 0o644)
            await #expect(throws: SessionStoreError.self) { try await store.load() }
            chmod(path, 0o600)
            let link = try FileSessionStore(path: folder + "/link")
            symlink(path, folder + "/link")
            await #expect(throws: SessionStoreError.self) { try await link.load() }
            for text in ["", "{}", #"{"accessToken":"secret"#] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                let error = await #expect(throws: SessionStoreError.self) { try await store.load() }
                #expect(error?.description.contains(path) == true)
                #expect(error?.description.contains("secret") == false)
            }
        }
    }

    @Test("Neither the file nor its lock is made through a link")
    func links() async throws {
        try await withFolder { folder in
            let path = folder + "/session.json"
            let store = try FileSessionStore(path: path)
            symlink(folder + "/elsewhere", path)
            try await store.save(Self.session)
            // The link is replaced; what it led to was never made.
            #expect(try await store.load() == Self.session)
            symlink(folder + "/elsewhere", path + ".lock")
            await #expect(throws: SessionStoreError.self) { try await store.exclusively {} }
            #expect(!FileManager.default.fileExists(atPath: folder + "/elsewhere"))
        }
    }

    @Test("Of several stores of one file one at a time is exclusive", arguments: [true, false])
    func exclusion(isFile: Bool) async throws {
        try await withFolder { folder in
            let memory = InMemorySessionStore()
            let crowd = Crowd()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    let store: any SessionStore = isFile ? try FileSessionStore(path: folder + "/session") : memory
                    group.addTask {
                        try await store.exclusively {
                            crowd.enter()
                            await Task.yield()
                            try await store.save(Self.session)
                            crowd.leave()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(crowd.most == 1)
        }
    }

    @Test("A body that throws leaves the store free")
    func throwing() async throws {
        struct Failure: Error {}
        try await withFolder { folder in
            let stores: [any SessionStore] = [try FileSessionStore(path: folder + "/session"), InMemorySessionStore()]
            for store in stores {
                await #expect(throws: Failure.self) { try await store.exclusively { throw Failure() } }
                #expect(try await store.exclusively { 1 } == 1)
            }
        }
    }
}

/// Counts who is inside at once.
private final class Crowd: Sendable {
    private let counts = Mutex((inside: 0, most: 0))

    var most: Int { counts.withLock { $0.most } }

    func enter() {
        counts.withLock { counts in
            counts.inside += 1
            counts.most = max(counts.most, counts.inside)
        }
    }

    func leave() { counts.withLock { $0.inside -= 1 } }
}

/// A folder of the test's own, removed at its end.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "bkend-test-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
}
