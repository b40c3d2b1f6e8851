import BkendTesting
import BkendWire
import Foundation

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
