import BkendAccounts
import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// How many bytes users and environments may store.
@Suite struct FileQuotaTests {
    private static let bytes = [UInt8](repeating: 7, count: 400)

    @Test("A user's files have at most so many bytes; others have their own, and a secret key has none of it")
    func perUser() async throws {
        try await withAccounts(configure: { $0.limits.storageBytesPerUser = 1_000 }) { server in
            let ada = try await server.signUp("ada@example.com").client
            let bob = try await server.signUp("bob@example.com").client
            let first = try await ada.upload("a.png", Self.bytes)
            #expect(first.status == 201)
            #expect(try await ada.stored("b.png", Self.bytes).put.status == 200)

            // What was announced is refused before it is sent, what wasn't when it comes.
            let announced = try await ada.presign("c.png", ["fileSize": 400])
            #expect(announced.status == 507 && announced.code == "common/insufficient-storage")
            #expect(announced.message.contains("800 bytes, and may have 1000"), "\(announced.message)")
            #expect(try await ada.presign("c.png", ["fileSize": 200]).status == 200)
            #expect(try await ada.stored("c.png", Self.bytes).put.status == 507)
            #expect(try await bob.stored("c.png", Self.bytes).put.status == 200)
            let before = objectFiles(server.folder).count
            #expect(before == 3)

            #expect(try await ada.delete("/v1/files/\(first.json["id"]?.stringValue ?? "")").status == 200)
            #expect(try await ada.stored("c.png", Self.bytes).put.status == 200)
            for _ in 0..<3 { #expect(try await server.admin.stored("d.png", Self.bytes).put.status == 200) }
        }
    }

    @Test("Whoever uploads and deletes in turn doesn't fill the disk")
    func churn() async throws {
        try await withAccounts(configure: { $0.limits.storageBytesPerUser = 1_000 }) { server in
            let ada = try await server.signUp("ada@example.com").client
            var statuses: [Int] = []
            for _ in 0..<6 {
                let upload = try await ada.stored("a.png", Self.bytes)
                statuses.append(upload.put.status)
                guard upload.put.status == 200 else { continue }
                let file = try await ada.register(upload, "a.png", size: 400)
                #expect(try await ada.delete("/v1/files/\(file.json["id"]?.stringValue ?? "")").status == 200)
            }
            #expect(statuses == [200, 200, 200, 200, 200, 507])
        }
    }

    @Test("An environment's files have at most so many bytes, whoever uploads them")
    func perEnvironment() async throws {
        try await withAccounts(configure: { $0.limits.storageBytes = 1_000 }) { server in
            let ada = try await server.signUp("ada@example.com").client
            #expect(try await ada.stored("a.png", Self.bytes).put.status == 200)
            #expect(try await server.admin.stored("a.png", Self.bytes).put.status == 200)
            let third = try await server.admin.stored("a.png", Self.bytes)
            #expect(third.put.status == 507 && third.put.message.contains("no room"), "\(third.put.text)")
            #expect(objectFiles(server.folder).count == 2)
        }
    }

    @Test("PUTs at the same time can't pass a limit together, and one that fails gives its room back")
    func atOnce() async throws {
        try await FileWorld.with(storage: StorageLimits(total: 1_000, perUser: 500)) { world in
            func begin(_ caller: Caller) async throws -> FileIntake? {
                let asker = FileCaller(caller: caller, keyMark: "00", base: "http://x")
                let presigned = try await world.files.presign(["filename": "a", "contentType": "a/b"], asker)
                let key = try #require(FileKey(presigned["key"]?.stringValue ?? ""))
                let claims = FileAddress.Claims(purpose: .put, expiresAt: 0, userID: caller.userID, keyMark: "00")
                do { return try await world.files.intake(for: key, claims, length: 300) } catch {
                    #expect(ErrorBody(answering: error).status == 507)
                    return nil
                }
            }
            let ada = Caller(userID: "ada")
            var first = try await begin(ada)
            #expect(first != nil)
            #expect(try await begin(ada) == nil)
            let others = [try await begin(Caller(userID: "bob")), try await begin(.secretKey)]
            #expect(others.allSatisfy { $0 != nil })
            #expect(try await begin(.secretKey) == nil)
            first = nil
            #expect(try await begin(.secretKey) != nil)
            _ = others
        }
    }

    @Test("The same bytes once more have room, since they take the place of the first")
    func repeated() async throws {
        try await withAccounts(configure: { $0.limits.storageBytesPerUser = 1_000 }) { server in
            let ada = try await server.signUp("ada@example.com").client
            let bytes = [UInt8](repeating: 7, count: 600)
            let upload = try await ada.stored("a.png", bytes)
            #expect(upload.put.status == 200)
            #expect(try await ada.put(upload.address, bytes).status == 200)
            #expect(try await ada.register(upload, "a.png", size: 600).status == 201)
        }
    }

    @Test("Deleted bytes that are due are removed when they are all that is in the way")
    func due() async throws {
        try await FileWorld.with(storage: StorageLimits(total: 9)) { world in
            let presigned = try await world.put()
            let file = try await world.files.complete(world.id(presigned), .secretKey).file
            try await world.files.delete(file.id, .secretKey)
            let asker = FileCaller(caller: .secretKey, keyMark: "00", base: "http://x")
            let body: JSONObject = ["filename": "a", "contentType": "a/b", "fileSize": 5]
            await #expect(throws: ErrorBody.self) { _ = try await world.files.presign(body, asker) }
            await world.files.upkeep.drained()
            await #expect(throws: ErrorBody.self) { _ = try await world.files.presign(body, asker) }
            world.clock.advance(seconds: 25 * 3_600)
            await #expect(throws: ErrorBody.self) { _ = try await world.files.presign(body, asker) }
            await world.files.upkeep.drained()
            _ = try await world.files.presign(body, asker)
        }
    }

    @Test("Tables of the first format get owners, digests and sums")
    func migration() async throws {
        try await RecordStore.with { store in
            try store.store.engine.writeNow(locking: [.definitions]) { session in
                try session.script("CREATE TABLE file_schema (version INTEGER NOT NULL) STRICT")
                try session.script("INSERT INTO file_schema (version) VALUES (1)")
                try session.script(FileSchema.steps[0])
                try session.script(
                    """
                    INSERT INTO file_uploads (key, fileId, userId, type, name, category, expiresAt, state, content, bytes,
                        sha256, storedAt, uploadId, createdAt) VALUES
                        ('a', '1', 'ada', 'a/b', 'a', 'c', 0, 'stored', 'one', 5, x'AB', 0, NULL, 0),
                        ('b', '2', 'bob', 'a/b', 'b', 'c', 0, 'issued', NULL, NULL, NULL, NULL, 'parts', 0),
                        ('c', '3', NULL, 'a/b', 'c', 'c', 0, 'stored', 'three', 7, x'CD', 0, NULL, 0);
                    INSERT INTO file_objects (name, content, position, bytes, droppedAt) VALUES
                        ('one', 'one', 0, 5, NULL), ('p1', 'parts', 1, 11, NULL), ('p2', 'parts', 1, 13, 1),
                        ('three', 'three', 0, 7, NULL);
                    """)
            }
            try store.store.engine.prepareFiles()
            try store.store.engine.readNow { session in
                #expect(try FileStore.usage(session) == StorageUsage(used: 23, dropped: 13))
                #expect(try FileStore.usage(session, of: "ada") == StorageUsage(used: 5))
                #expect(try FileStore.usage(session, of: "bob") == StorageUsage(used: 11, dropped: 13))
                let digests = try session.all(FileSQL.allObjects) { $0.optionalBlob(2) }
                #expect(digests == [Data([0xAB]), nil, nil, Data([0xCD])])
                #expect(try FileStore.upload(session, key: "b")?.uploadID == "parts")
            }
        }
    }

    @Test("The sums are those of the rows, whatever became of them")
    func sums() async throws {
        try await FileWorld.with { world in
            for index in 0..<200 {
                let number = index * 7_919
                let user: String? = ["ada", "bob", nil][number % 3]
                let (step, bytes) = (number / 3 % 6, 1 + number % 997)
                try await world.files.store.write(locking: []) { session in
                    let names = try session.all("SELECT name FROM file_objects ORDER BY name LIMIT 3") { $0.text(0) }
                    switch step {
                    case 0..<3:
                        try FileStore.setPart(
                            session, StoredPart(number: 1 + index % 5, name: "object \(index)", bytes: bytes),
                            sha256: Data(count: 32), of: "upload \(user ?? "")", by: user)
                    case 3: for name in names { try FileStore.drop(session, object: name) }
                    case 4: for name in names { try session.execute(FileSQL.deleteObject, name) }
                    default: try session.execute("DELETE FROM file_objects WHERE bytes < 100")
                    }
                }
                try world.files.store.engine.readNow { session in
                    for user in ["ada", "bob", nil] {
                        let condition = user.map { "userId = '\($0)'" } ?? "1"
                        let sums = try session.first(
                            """
                            SELECT coalesce(sum(iif(droppedAt IS NULL, bytes, 0)), 0),
                                coalesce(sum(iif(droppedAt IS NULL, 0, bytes)), 0)
                            FROM file_objects WHERE \(condition)
                            """
                        ) { StorageUsage(used: Int($0.int(0)), dropped: Int($0.int(1))) }
                        #expect(try FileStore.usage(session, of: user) == sums)
                    }
                }
            }
        }
    }
}
