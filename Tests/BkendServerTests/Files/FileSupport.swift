import BkendAccounts
import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// A file on its way: the answer that gave its address, and the answer to its bytes.
struct Upload {
    let presigned: Answer
    let put: Answer

    var json: JSON { presigned.json }
    var key: String { json["key"]?.stringValue ?? "" }
    var fileID: String { json["fileId"]?.stringValue ?? "" }
    /// The path and the query of its address.
    var address: String { presigned.address }
    /// The path alone.
    var path: String { String(address.prefix { $0 != "?" }) }
}

extension Answer {
    /// The path and the query of the address that it gives.
    var address: String {
        let url = json["url"]?.stringValue ?? ""
        guard let scheme = url.range(of: "://") else { return url }
        return String(url[scheme.upperBound...].drop { $0 != "/" })
    }
}

extension TestClient {
    /// Asks for an address.
    func presign(
        _ name: String, type: String = "image/png", _ more: JSONObject = [:]
    ) async throws -> Answer {
        var body: JSONObject = ["filename": .string(name), "contentType": .string(type)]
        for (key, value) in more { body[key] = value }
        return try await post("/v1/files/presigned-url", .object(body))
    }

    /// Sends bytes to an address, without a key and without a token.
    func put(_ address: String, _ bytes: [UInt8], _ headers: [String: String] = [:]) async throws -> Answer {
        var bare = self
        bare.headers = [:]
        return try await bare.send("PUT", address, headers, body: bytes, type: "image/png")
    }

    /// Reads an address, without a key and without a token.
    func fetch(_ address: String, _ headers: [String: String] = [:], method: String = "GET") async throws -> Answer {
        var bare = self
        bare.headers = headers
        return try await bare.send(method, address)
    }

    /// Asks for an address and sends the bytes.
    func stored(
        _ name: String, _ bytes: [UInt8], type: String = "image/png", _ more: JSONObject = [:]
    ) async throws -> Upload {
        let presigned = try await presign(name, type: type, more)
        return Upload(presigned: presigned, put: try await put(presigned.address, bytes))
    }

    /// Registers what was stored.
    func register(
        _ upload: Upload, _ name: String, type: String = "image/png", size: Int, _ more: JSONObject = [:]
    ) async throws -> Answer {
        var body: JSONObject = [
            "s3Key": .string(upload.key), "originalName": .string(name), "mimeType": .string(type),
            "size": .int(Int64(size)),
        ]
        for (key, value) in more { body[key] = value }
        return try await post("/v1/files", .object(body))
    }

    /// A file from its beginning to its record.
    func upload(
        _ name: String, _ bytes: [UInt8], type: String = "image/png", _ more: JSONObject = [:]
    ) async throws -> Answer {
        try await register(try await stored(name, bytes, type: type), name, type: type, size: bytes.count, more)
    }
}

extension Person {
    func upload(_ name: String, _ bytes: [UInt8], _ more: JSONObject = [:]) async throws -> Answer {
        try await client.upload(name, bytes, more)
    }

    func put(_ name: String, _ bytes: [UInt8]) async throws -> Upload { try await client.stored(name, bytes) }
}

/// The files that a data folder holds for its usual environment: of objects, finished and not.
func objectFiles(_ folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/files/default/dev")) ?? []
    return names.filter { $0 != ObjectFolder.lockName && $0 != ObjectFolder.asideName }.sorted()
}

/// A file's way without HTTP: its environment, and a clock.
struct FileWorld {
    let files: EnvironmentFiles
    let clock: TestClock
    let folder: String

    func tidied() async throws -> [String] {
        await files.tidy()
        return objectFiles(folder)
    }

    func put(_ more: JSONObject = [:], type: String = "image/png") async throws -> JSONObject {
        var body: JSONObject = ["filename": "a.png", "contentType": .string(type)]
        for (name, value) in more { body[name] = value }
        let asker = FileCaller(caller: .secretKey, keyMark: "00", base: "http://x")
        let presigned = try await files.presign(body, asker)
        let key = try #require(FileKey(presigned["key"]?.stringValue ?? ""))
        let claims = FileAddress.Claims(purpose: .put, expiresAt: 0, keyMark: "00")
        let intake = try #require(try await files.intake(for: key, claims, length: 5))
        try await intake.write(.init(string: "bytes"))
        _ = try await files.finish(intake, digest: nil)
        return presigned
    }

    func id(_ presigned: JSONObject) -> String { presigned["fileId"]?.stringValue ?? "" }

    static func with(
        publicImages: Bool = false, storage: StorageLimits = StorageLimits(),
        _ body: (FileWorld) async throws -> Void
    ) async throws {
        try await RecordStore.with { store in
            let clock = TestClock(Timestamp.systemNow.description)
            var settings = FileSettings(fileBytes: 1_000, queryLimit: .seconds(10), logger: LogLines().logger(.error))
            settings.publicImages = publicImages
            settings.storage = storage
            let name = try EnvironmentName(project: "default", environment: "dev")
            try store.store.engine.prepareFiles()
            let files = EnvironmentFiles(
                of: name, in: store.store, objects: try ObjectFolder(of: name, in: store.folder),
                keys: try AddressKeys(in: store.folder, now: clock.now), settings: settings, now: { clock.now })
            // Not beside the test: it tidies when it wants to.
            files.upkeep.run(now: Timestamp(clamping: clock.now.milliseconds + 3_600_000)) {}
            try await body(FileWorld(files: files, clock: clock, folder: store.folder))
            await files.upkeep.drained()
        }
    }
}
