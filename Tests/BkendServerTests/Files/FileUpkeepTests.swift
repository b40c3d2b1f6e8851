import BkendAccounts
import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// What time removes: bytes that nobody registered, and those of deleted files.
@Suite struct FileUpkeepTests {
    @Test("Bytes that nobody registers go after a day, and their key is as one that was never issued")
    func unregistered() async throws {
        try await FileWorld.with { world in
            let presigned = try await world.put()
            world.clock.advance(seconds: 23 * 3_600)
            #expect(try await world.tidied().count == 1)
            world.clock.advance(seconds: 2 * 3_600)
            _ = try await world.tidied()
            let error = await #expect(throws: ErrorBody.self) {
                _ = try await world.files.complete(world.id(presigned), .secretKey)
            }
            #expect(error?.code == "file/invalid-path")
            world.clock.advance(seconds: 25 * 3_600)
            #expect(try await world.tidied() == [])
        }
    }

    @Test("Pictures that stay public without being registered stay, where the project has that")
    func staying() async throws {
        try await FileWorld.with(publicImages: true) { world in
            _ = try await world.put()
            _ = try await world.put(["visibility": "private"])
            _ = try await world.put(type: "text/plain")
            for _ in 0..<3 {
                world.clock.advance(seconds: 30 * 3_600)
                _ = try await world.tidied()
            }
            #expect(objectFiles(world.folder).count == 1)
        }
    }

    @Test("A deleted file's bytes go a day later; a file's stay")
    func deleted() async throws {
        try await FileWorld.with { world in
            let (kept, gone) = (try await world.put(), try await world.put())
            _ = try await world.files.complete(world.id(kept), .secretKey)
            _ = try await world.files.complete(world.id(gone), .secretKey)
            world.clock.advance(seconds: 100 * 3_600)
            #expect(try await world.tidied().count == 2)
            try await world.files.delete(world.id(gone), .secretKey)
            // The storage stamps by its own clock, the system's: a day from now.
            world.clock.set(Timestamp.systemNow.description)
            #expect(try await world.tidied().count == 2)
            world.clock.advance(seconds: 25 * 3_600)
            #expect(try await world.tidied().count == 1)
            let error = await #expect(throws: ErrorBody.self) {
                _ = try await world.files.complete(world.id(gone), .secretKey)
            }
            #expect(error?.status == 409)
        }
    }

    @Test("Bytes that others have taken the place of go a day later")
    func replaced() async throws {
        try await FileWorld.with { world in
            let presigned = try await world.put()
            let key = try #require(FileKey(presigned["key"]?.stringValue ?? ""))
            let claims = FileAddress.Claims(purpose: .put, expiresAt: 0, keyMark: "00")
            let intake = try #require(try await world.files.intake(for: key, claims, length: 5))
            try await intake.write(.init(string: "other"))
            let content = try await world.files.finish(intake, digest: nil)
            _ = try await world.files.complete(world.id(presigned), .secretKey)
            #expect(try await world.tidied().count == 2)
            world.clock.advance(seconds: 25 * 3_600)
            #expect(try await world.tidied() == [content.name])
        }
    }

    @Test("A PUT that ends after the registration, with the same bytes, leaves nothing")
    func late() async throws {
        try await FileWorld.with { world in
            let presigned = try await world.put()
            let key = try #require(FileKey(presigned["key"]?.stringValue ?? ""))
            let claims = FileAddress.Claims(purpose: .put, expiresAt: 0, keyMark: "00")
            let intake = try #require(try await world.files.intake(for: key, claims, length: 5))
            try await intake.write(.init(string: "bytes"))
            let file = try await world.files.complete(world.id(presigned), .secretKey).file
            let content = try await world.files.finish(intake, digest: nil)
            #expect(content.name == file.content.name && objectFiles(world.folder) == [content.name])
        }
    }

    @Test("Pictures that were promised to stay do so after a start without the option")
    func promised() async throws {
        try await FileWorld.with(publicImages: true) { world in
            _ = try await world.put()
            var settings = world.files.settings
            settings.publicImages = false
            let later = EnvironmentFiles(
                of: try EnvironmentName(project: "default", environment: "dev"), in: world.files.store,
                objects: world.files.objects, keys: world.files.keys, settings: settings, now: world.files.now)
            world.clock.advance(seconds: 49 * 3_600)
            await later.tidy()
            world.clock.advance(seconds: 49 * 3_600)
            await later.tidy()
            #expect(objectFiles(world.folder).count == 1)
        }
    }

    @Test("A user can't begin any number of uploads")
    func many() async throws {
        try await FileWorld.with { world in
            let asker = FileCaller(caller: Caller(userID: "ada"), keyMark: "00", base: "http://x")
            let body: JSONObject = ["filename": "a", "contentType": "a/b"]
            for _ in 0..<FileSettings.mostBegun { _ = try await world.files.presign(body, asker) }
            let error = await #expect(throws: ErrorBody.self) { _ = try await world.files.presign(body, asker) }
            #expect(error?.status == 429)
        }
    }

    @Test("Keys without bytes are forgotten a day after their address has ended")
    func issued() async throws {
        try await FileWorld.with { world in
            let asker = FileCaller(caller: .secretKey, keyMark: "00", base: "http://x")
            for _ in 0..<250 { _ = try await world.files.presign(["filename": "a", "contentType": "a/b"], asker) }
            func count() throws -> Int {
                try world.files.store.engine.readNow { try $0.count("SELECT count(*) FROM file_uploads") }
            }
            _ = try await world.tidied()
            #expect(try count() == 250)
            // A PUT that began in time may still be under way.
            world.clock.advance(seconds: 16 * 60)
            _ = try await world.tidied()
            #expect(try count() == 250)
            world.clock.advance(seconds: 24 * 3_600)
            _ = try await world.tidied()
            #expect(try count() == 0)
        }
    }
}
