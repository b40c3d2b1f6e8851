import BkendAccounts
import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// Large files, which come in parts.
@Suite struct FilePartTests {
    private static let part = 5 << 20

    /// An upload in parts, as a client has it.
    private struct Parts {
        let client: TestClient
        let json: JSON

        var key: JSON { json["key"] ?? .null }
        var uploadID: JSON { json["uploadId"] ?? .null }

        static func begin(_ client: TestClient, bytes: Int, _ more: JSONObject = [:]) async throws -> Parts {
            var body: JSONObject = ["filename": "film.mp4", "contentType": "video/mp4", "fileSize": .int(Int64(bytes))]
            for (name, value) in more { body[name] = value }
            let answer = try await client.post("/v1/files/multipart/init", .object(body))
            #expect(answer.status == 200, "\(answer.text)")
            return Parts(client: client, json: answer.json)
        }

        func address(_ number: Int) async throws -> Answer {
            try await client.post(
                "/v1/files/multipart/presigned-url",
                ["key": key, "uploadId": uploadID, "partNumber": .int(Int64(number))])
        }

        func put(_ number: Int, _ bytes: [UInt8]) async throws -> Answer {
            try await client.put(try await address(number).address, bytes)
        }

        func complete(_ parts: [(Int, String?)]) async throws -> Answer {
            let list = parts.map { JSON.object(["partNumber": .int(Int64($0.0)), "etag": .string($0.1 ?? "")]) }
            return try await client.post(
                "/v1/files/multipart/complete", ["key": key, "uploadId": uploadID, "parts": .array(list)])
        }

        func abort() async throws -> Answer {
            try await client.post("/v1/files/multipart/abort", ["key": key, "uploadId": uploadID])
        }
    }

    private func bytes(_ count: Int, _ value: UInt8) -> [UInt8] { [UInt8](repeating: value, count: count) }

    @Test("Parts make a file, in the order of their numbers, whatever order they came in; ranges reach across them")
    func whole() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let parts = try await Parts.begin(ada, bytes: 2 * Self.part + 7, ["visibility": "public"])
            let last = try await parts.put(9, Array("the end".utf8)).headers["etag"]
            let first = try await parts.put(1, bytes(Self.part, 1)).headers["etag"]
            _ = try await parts.put(5, bytes(Self.part, 9))
            let middle = try await parts.put(5, bytes(Self.part, 2)).headers["etag"]
            _ = try await parts.put(3, bytes(100, 3))
            let list = [(1, first), (5, middle), (9, last)]
            let done = try await parts.complete(list)
            #expect(done.status == 200 && done.json["key"] == parts.key, "\(done.text)")
            #expect(try await parts.complete(list).status == 200)
            let file = try await ada.post(
                "/v1/files",
                [
                    "s3Key": parts.key, "originalName": "film.mp4", "mimeType": "video/mp4",
                    "size": .int(Int64(2 * Self.part + 7)),
                ])
            #expect(file.status == 201 && file.json["visibility"] == "public", "\(file.text)")
            let path = "/storage/\(parts.key.stringValue ?? "")"
            let whole = try await ada.fetch(path)
            #expect(whole.body == bytes(Self.part, 1) + bytes(Self.part, 2) + Array("the end".utf8))
            let range = "bytes=\(Self.part - 1)-\(Self.part)"
            #expect(try await ada.fetch(path, ["Range": range]).body == [1, 2])
            #expect(try await ada.fetch(path, ["Range": "bytes=-8"]).body == [2] + Array("the end".utf8))
            #expect(try await parts.complete(list).status == 200)
            // A large body may break off before its refusal is read.
            #expect(try await parts.put(1, bytes(10, 1)).status == 400)
        }
    }

    @Test("The routes that name the upload in their path do the same, with the key and without")
    func secondNames() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let eve = try await server.signUp("eve@example.com").client
            let begun = try await ada.post(
                "/v1/files/multipart/initiate",
                ["filename": "a.mp4", "contentType": "video/mp4", "fileSize": 3])
            let id = begun.json["uploadId"]?.stringValue ?? ""
            let path = "/v1/files/multipart/\(id)"
            #expect(try await eve.post(path + "/part-url", ["partNumber": 1]).status == 403)
            let named = try await ada.post(path + "/part-url", ["key": begun.json["key"] ?? .null, "partNumber": 1])
            let address = try await ada.post(path + "/part-url", ["partNumber": 1])
            #expect(named.status == 200 && address.status == 200, "\(address.text)")
            let tag = try await ada.put(address.address, [1, 2, 3]).headers["etag"] ?? ""
            let done = try await ada.post(path + "/complete", ["parts": [["partNumber": 1, "etag": .string(tag)]]])
            #expect(done.status == 200 && done.json["key"] == begun.json["key"], "\(done.text)")
            #expect(try await eve.post(path + "/abort", [:]).status == 403)
            #expect(try await ada.post(path + "/abort", [:]).status == 200)
            #expect(try await ada.post("/v1/files/multipart/\(id)0/abort", [:]).code == "file/invalid-path")
        }
    }

    @Test("Lists of parts that don't fit what came are refused, each with its place")
    func lists() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let parts = try await Parts.begin(ada, bytes: 2 * Self.part)
            let one = try await parts.put(1, bytes(Self.part, 1)).headers["etag"]
            let two = try await parts.put(2, bytes(Self.part, 2)).headers["etag"]
            let small = try await parts.put(3, bytes(9, 3)).headers["etag"]
            let rows: [([(Int, String?)], String, String)] = [
                ([], "file/invalid-parts-array", "parts"),
                ([(2, two), (1, one)], "file/invalid-parts-array", "parts[1]"),
                ([(1, one), (1, one)], "file/invalid-parts-array", "parts[1]"),
                ([(1, one), (4, two)], "file/invalid-parts-array", "parts[1]"),
                ([(1, two), (2, two)], "file/invalid-parts-array", "parts[0]"),
                ([(1, one)], "file/file-too-small", "parts"),
                ([(1, one), (2, two), (3, small)], "file/file-too-large", "parts"),
            ]
            for (list, code, field) in rows {
                let answer = try await parts.complete(list)
                #expect(answer.status == 400 && answer.code == code && answer.fields == [field], "\(answer.text)")
            }
            let tiny = try await Parts.begin(ada, bytes: 10)
            let (a, b) = (try await tiny.put(1, bytes(5, 1)), try await tiny.put(2, bytes(5, 2)))
            let refused = try await tiny.complete([(1, a.headers["etag"]), (2, b.headers["etag"])])
            #expect(refused.code == "file/file-too-small" && refused.fields == ["parts[0]"])
            let odd = try await ada.post(
                "/v1/files/multipart/complete", ["key": tiny.key, "uploadId": tiny.uploadID, "parts": [["x": 1]]])
            #expect(odd.code == "file/invalid-parts-array")
            #expect(try await parts.complete([(1, one), (2, two)]).status == 200)
        }
    }

    @Test("Numbers, sizes and strangers are checked; what was aborted is over")
    func refused() async throws {
        try await withAccounts(configure: { $0.limits.fileBytes = 1_000 }) { server in
            let ada = try await server.signUp("ada@example.com").client
            let eve = try await server.signUp("eve@example.com").client
            let parts = try await Parts.begin(ada, bytes: 2_000)
            for number in [0, -1, 10_001] {
                #expect(try await parts.address(number).code == "file/invalid-part-number-range")
            }
            #expect(try await parts.put(1, bytes(1_001, 1)).code == "file/file-too-large")
            // Parts that nobody will list are few, and so are those that others take the place of: they lie there for days.
            for number in [1, 2, 3, 4, 4] { #expect(try await parts.put(number, bytes(1_000, 1)).status == 200) }
            for number in [4, 5] {
                let beyond = try await parts.put(number, bytes(1, 1))
                #expect(beyond.status == 400 && beyond.code == "file/file-too-large", "\(beyond.text)")
            }
            #expect(try await Parts(client: eve, json: parts.json).address(1).code == "file/access-denied")
            #expect(try await Parts(client: server.guest, json: parts.json).abort().status == 401)
            let wrong = try await ada.post("/v1/files/multipart/abort", ["key": parts.key, "uploadId": "x"])
            #expect(wrong.code == "file/invalid-path")
            for body: JSONObject in [
                ["fileSize": .null], ["fileSize": 0], ["fileSize": .int(6 << 30)],
            ] {
                var all: JSONObject = ["filename": "a", "contentType": "a/b"]
                for (name, value) in body { all[name] = value }
                #expect(try await ada.post("/v1/files/multipart/init", .object(all)).status == 400)
            }
            let address = try await parts.address(1).address
            #expect(try await parts.abort().json == ["success": true, "key": parts.key])
            #expect(try await parts.abort().status == 200)
            #expect(try await ada.put(address, bytes(10, 1)).status == 403)
            #expect(try await parts.complete([(1, "x")]).status == 400)
            let single = try await ada.presign("a.png").json["key"] ?? .null
            let mixed = try await ada.post(
                "/v1/files/multipart/presigned-url", ["key": single, "uploadId": "", "partNumber": 1])
            #expect(mixed.status == 400)
        }
    }
}
