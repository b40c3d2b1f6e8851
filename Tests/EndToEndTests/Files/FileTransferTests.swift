import Bkend
import BkendServer
import BkendTesting
import BkendWire
import Foundation
import Synchronization
import Testing

/// Uploads and downloads over real sockets, and what goes wrong with them.
@Suite struct FileTransferTests {
    private struct World {
        let server: TestServer
        let client: BkendClient
        let folder: URL

        func file(_ name: String, _ bytes: Data) throws -> URL {
            let url = folder.appending(path: name)
            try bytes.write(to: url)
            return url
        }
    }

    private func run(
        faults: FaultPlan? = nil, configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (World) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try await TestServer.start(faults: faults, configure: configure)
        var options = ClientOptions.silent
        options.retry = RetryPolicy(maximumAttempts: 4, baseDelay: .milliseconds(1))
        let client = try BkendClient(url: server.url, key: server.publishableKey, options: options)
        do {
            try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
            try await body(World(server: server, client: client, folder: folder))
        } catch {
            await client.shutdown()
            try? await server.stop()
            throw error
        }
        await client.shutdown()
        try await server.stop()
    }

    private static let bytes = Data((0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) })

    @Test("A file comes back as it was sent: from a file, from memory, from a sequence")
    func roundTrip() async throws {
        try await run { world in
            let files = world.client.files
            let fromFile = try await files.upload(from: world.file("a.png", Self.bytes)).value
            let fromData = try await files.upload(Self.bytes, name: "b.png").value
            let chunks = AsyncStream<Data> { stream in
                for start in stride(from: 0, to: Self.bytes.count, by: 100_000) {
                    stream.yield(Self.bytes[start..<min(start + 100_000, Self.bytes.count)])
                }
                stream.finish()
            }
            let fromStream = try await files.upload(chunks, length: Self.bytes.count, name: "c.bin").value
            for file in [fromFile, fromData, fromStream] {
                #expect(file.size == Self.bytes.count && file.visibility == .private)
                #expect(try await files.data(file.id) == Self.bytes)
                #expect(try await files.get(file.id) == file)
            }
            #expect(fromFile.name == "a.png" && fromFile.contentType == "image/png")
            #expect(fromStream.contentType == "application/octet-stream")
            #expect(try await files.list().files.count == 3)
        }
    }

    @Test("Progress ends at the whole, and begins with what is known")
    func progress() async throws {
        try await run { world in
            let upload = world.client.files.upload(Self.bytes, name: "a.png")
            var last: TransferProgress?
            for await step in upload.progress {
                #expect(step.total == Self.bytes.count && step.completed >= last?.completed ?? 0)
                last = step
            }
            #expect(last?.completed == Self.bytes.count && last?.fraction == 1)
            _ = try await upload.value
            // Who comes late sees the end.
            var late: [TransferProgress] = []
            for await step in upload.progress { late.append(step) }
            #expect(late.map(\.completed) == [Self.bytes.count] && late.map(\.total) == [Self.bytes.count])
        }
    }

    @Test("Empty files, files that aren't there and guests are refused with their reasons")
    func refused() async throws {
        try await run(configure: { $0.limits.fileBytes = 1_000 }) { world in
            let files = world.client.files
            func failure(_ upload: FileTransfer<RemoteFile>) async -> BkendError? {
                do throws(BkendError) {
                    _ = try await upload.value
                    return nil
                } catch {
                    return error
                }
            }
            guard case .file(.empty)? = await failure(files.upload(Data(), name: "a.png"))?.reason else {
                Issue.record("an empty file was taken")
                return
            }
            let none = world.folder.appending(path: "none.png")
            guard case .file(.unreadable)? = await failure(files.upload(from: none))?.reason else {
                Issue.record("a file that isn't there was taken")
                return
            }
            #expect(await failure(files.upload(Data(count: 1_001), name: "a.png"))?.code == .fileTooLarge)
            #expect(await failure(files.upload(Data(count: 10), name: ".."))?.code == "file/invalid-name")
            try await world.client.accounts.signOut()
            let guest = await failure(files.upload(Data(count: 10), name: "a.png"))
            #expect(guest?.code == "common/authentication-required")
        }
    }

    @Test("A sequence of another length than was said makes no file")
    func wrongLength() async throws {
        try await run { world in
            for length in [9, 11] {
                let chunks = AsyncStream<Data> { stream in
                    stream.yield(Data(count: 10))
                    stream.finish()
                }
                await #expect(throws: BkendError.self) {
                    _ = try await world.client.files.upload(chunks, length: length, name: "a.bin").value
                }
            }
            let present = try await world.client.files.list().files
            #expect(present.isEmpty)
        }
    }

    @Test(
        "An upload gets over each fault of each of its requests, and makes one file",
        arguments: ["/v1/files/presigned-url", "/storage/*/*/*", "/v1/files"], Fault.network)
    func faults(path: String, fault: Fault) async throws {
        let plan = FaultPlan()
        plan.on(path.hasPrefix("/storage") ? .put : .post, path, fault)
        try await run(faults: plan) { world in
            let file = try await world.client.files.upload(Self.bytes, name: "a.png").value
            #expect(try await world.client.files.data(file.id) == Self.bytes)
            #expect(try await world.client.files.list().files.map(\.id) == [file.id] && plan.isUsedUp)
        }
    }

    @Test("A large file goes in parts, over faults of each request, and comes back whole")
    func parts() async throws {
        let plan = FaultPlan()
        plan.on(.post, "/v1/files/multipart/init", .dropAfterCommit)
        plan.on(.post, "/v1/files/multipart/presigned-url", .answer(.status(503)))
        plan.on(.put, "/storage/*/*/*", .dropAfterCommit)
        plan.on(.post, "/v1/files/multipart/complete", .dropAfterCommit)
        try await run(faults: plan) { world in
            var bytes = Data(count: 17 << 20)
            for index in stride(from: 0, to: bytes.count, by: 4_099) {
                bytes[index] = UInt8(truncatingIfNeeded: index >> 9)
            }
            let upload = world.client.files.upload(from: try world.file("film.mp4", bytes))
            var last = 0
            for await step in upload.progress {
                #expect(step.completed >= last)
                last = step.completed
            }
            let file = try await upload.value
            #expect(last == bytes.count && file.size == bytes.count && file.sha256 == nil)
            let place = world.folder.appending(path: "copy.mp4")
            _ = try await world.client.files.download(file.id, to: place).value
            #expect(try Data(contentsOf: place) == bytes && plan.isUsedUp)
        }
    }

    @Test("A download that breaks off goes on where it stopped", arguments: [0, 1, 150_000, 699_999])
    func resumed(at bytes: Int) async throws {
        let plan = FaultPlan()
        plan.on(.get, "/storage/*/*/*", .cutBody(after: bytes))
        try await run(faults: plan) { world in
            let file = try await world.client.files.upload(Self.bytes, name: "a.png").value
            let place = world.folder.appending(path: "a.png")
            _ = try await world.client.files.download(file.id, to: place).value
            #expect(try Data(contentsOf: place) == Self.bytes && plan.isUsedUp)
            #expect(try FileManager.default.contentsOfDirectory(atPath: world.folder.path) == ["a.png"])
        }
    }

    @Test("What has arrived isn't asked for again")
    func resumedInTheSameCall() async throws {
        let plan = FaultPlan()
        let place = Mutex<URL?>(nil)
        plan.on(.get, "/storage/*/*/*", .cutBody(after: 100_000))
        plan.on(
            .get, "/storage/*/*/*",
            .event("spoil") { try Self.spoil(try #require(place.withLock { $0 }), at: 10) })
        try await run(faults: plan) { world in
            place.withLock { $0 = world.folder }
            let file = try await world.client.files.upload(Self.bytes, name: "a.png").value
            let error = await #expect(throws: BkendError.self) {
                _ = try await world.client.files.download(file.id, to: world.folder.appending(path: "a.png")).value
            }
            guard case .file(.damaged)? = error?.reason else {
                Issue.record("\(String(describing: error)), \(plan)")
                return
            }
        }
    }

    @Test("As long as bytes come, any number of breaks is got over")
    func slowly() async throws {
        let plan = FaultPlan()
        plan.on(.get, "/storage/*/*/*", .cutBody(after: 100_000), times: 6)
        try await run(faults: plan) { world in
            let file = try await world.client.files.upload(Self.bytes, name: "a.png").value
            let place = world.folder.appending(path: "a.png")
            _ = try await world.client.files.download(file.id, to: place).value
            #expect(try Data(contentsOf: place) == Self.bytes && plan.isUsedUp)
        }
    }

    @Test("An address that brings a few bytes each time is given up")
    func tooSlowly() async throws {
        let plan = FaultPlan()
        plan.on(.get, "/storage/*/*/*", .cutBody(after: 1_000), times: 5)
        try await run(faults: plan) { world in
            let file = try await world.client.files.upload(Self.bytes, name: "a.png").value
            let place = world.folder.appending(path: "a.png")
            await #expect(throws: BkendError.self) {
                _ = try await world.client.files.download(file.id, to: place).value
            }
            #expect(plan.log.count == 4)
        }
    }

    /// Breaks off one call's download after 100,000 bytes.
    private static var brokenOff: FaultPlan {
        FaultPlan()
            .on(.get, "/storage/*/*/*", .cutBody(after: 100_000))
            .on(.get, "/storage/*/*/*", .dropBeforeCommit, times: 3)
    }

    /// Changes a byte of the partial file in a folder.
    private static func spoil(_ folder: URL, at index: Int) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let part = folder.appending(path: try #require(names.first { $0.hasSuffix(".part") }))
        let handle = try FileHandle(forUpdating: part)
        try handle.seek(toOffset: UInt64(index))
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: UInt64(index))
        try handle.write(contentsOf: [byte ^ 1])
        try handle.close()
    }

    @Test("A later call goes on with what an earlier one left")
    func resumedLater() async throws {
        let plan = Self.brokenOff
        try await run(faults: plan) { world in
            let file = try await world.client.files.upload(Self.bytes, name: "a.png").value
            let place = world.folder.appending(path: "a.png")
            await #expect(throws: BkendError.self) {
                _ = try await world.client.files.download(file.id, to: place).value
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: world.folder.path)
            #expect(names.contains { $0.hasSuffix(".part") } && !names.contains("a.png") && plan.isUsedUp)
            _ = try await world.client.files.download(file.id, to: place).value
            #expect(try Data(contentsOf: place) == Self.bytes)
            #expect(try FileManager.default.contentsOfDirectory(atPath: world.folder.path) == ["a.png"])
        }
    }

    @Test("Bytes that were spoilt on this device are noticed")
    func spoilt() async throws {
        let plan = Self.brokenOff
        try await run(faults: plan) { world in
            let file = try await world.client.files.upload(Self.bytes, name: "a.png").value
            let place = world.folder.appending(path: "a.png")
            _ = try? await world.client.files.download(file.id, to: place).value
            try Self.spoil(world.folder, at: 10)
            let error = await #expect(throws: BkendError.self) {
                _ = try await world.client.files.download(file.id, to: place).value
            }
            guard case .file(.damaged)? = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            // What was spoilt is gone: the next call begins anew.
            _ = try await world.client.files.download(file.id, to: place).value
            #expect(try Data(contentsOf: place) == Self.bytes)
        }
    }

    @Test("A cancelled upload leaves no file")
    func cancelled() async throws {
        try await run { world in
            let (chunks, stream) = AsyncStream<Data>.makeStream()
            stream.yield(Data(count: 100_000))
            let upload = world.client.files.upload(chunks, length: 1_000_000, name: "a.bin")
            for await step in upload.progress where step.completed > 0 { break }
            upload.cancel()
            let error = await #expect(throws: BkendError.self) { _ = try await upload.value }
            #expect(error?.isCancelled == true, "\(String(describing: error))")
            stream.finish()
            let present = try await world.client.files.list().files
            #expect(present.isEmpty)
        }
    }
}
