import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// Files that come as forms, as browsers and published clients send them.
@Suite struct FileFormTests {
    private static let bytes = [UInt8](0...255) + Array("\r\n--bound\r\n".utf8)

    private static func form(_ fields: [(String, String)], file: [UInt8]? = bytes, name: String = "cat.png") -> [UInt8]
    {
        var form: [UInt8] = []
        func line(_ text: String) { form += Array("\(text)\r\n".utf8) }
        func field(_ name: String, _ value: String) {
            line("--boundary")
            line("Content-Disposition: form-data; name=\"\(name)\"")
            line("")
            line(value)
        }
        if let first = fields.first { field(first.0, first.1) }
        if let file {
            line("--boundary")
            line("Content-Disposition: form-data; name=\"file\"; filename=\"\(name)\"")
            line("Content-Type: image/png")
            line("")
            form += file
            line("")
        }
        for (name, value) in fields.dropFirst() { field(name, value) }
        line("--boundary--")
        return form
    }

    private static func send(
        _ client: TestClient, _ form: [UInt8], to path: String = "/v1/files/upload"
    ) async throws -> Answer {
        try await client.send("POST", path, body: form, type: "multipart/form-data; boundary=boundary")
    }

    @Test("A form's file is stored and registered, with the fields before and after it", arguments: ["/upload", ""])
    func uploads(path: String) async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let answer = try await Self.send(
                ada,
                Self.form([
                    ("category", "media"), ("visibility", "public"), ("metadata", #"{"alt":"a cat"}"#), ("width", "3"),
                ]), to: "/v1/files" + path)
            let json = answer.json
            #expect(answer.status == 201, "\(answer.text)")
            #expect(json["originalName"] == "cat.png" && json["mimeType"] == "image/png")
            #expect(json["size"] == .int(Int64(Self.bytes.count)) && json["visibility"] == "public")
            #expect(json["bucket"] == "media" && json["metadata"] == ["alt": "a cat"] && json["width"] == 3)
            let key = json["key"]?.stringValue ?? ""
            #expect(key.hasPrefix("media/"))
            #expect(try await ada.fetch("/storage/\(key)").body == Self.bytes)
            let plain = try await Self.send(ada, Self.form([]))
            #expect(plain.status == 201 && plain.json["visibility"] == "private" && plain.json["bucket"] == "images")
        }
    }

    @Test("What is wrong with a form is told, and nothing is kept of it")
    func refusals() async throws {
        try await withAccounts(configure: { $0.limits.fileBytes = 10_000 }) { server in
            let ada = try await server.signUp("ada@example.com").client
            let large = [UInt8](repeating: 1, count: 10_001)
            let rows: [([UInt8], Int, String)] = [
                (Self.form([], file: nil), 400, "file is required"),
                (Self.form([], file: []), 400, "at least 1 byte"),
                (Self.form([], name: ".."), 400, "no name"),
                (Self.form([("visibility", "secret")]), 400, "visibility must be"),
                (Self.form([("", ""), ("visibility", "secret")]), 400, "isn't a field"),
                (Self.form([("category", "images"), ("visibility", "secret")]), 400, "visibility must be"),
                (Self.form([("category", "images"), ("metadata", "{")]), 400, "metadata must be JSON"),
                (Self.form([("category", "images"), ("owner", "eve")]), 400, "isn't a field"),
                (Self.form([("category", String(repeating: "a", count: 100))]), 413, "too large"),
                (Self.form([], file: large), 400, "10000 bytes"),
                (Self.form([], file: [UInt8](repeating: 1, count: 500_000)), 400, "10000 bytes"),
                (Array(Self.form([]).dropLast(14)), 400, "ends before its last boundary"),
                (Array(Self.form([("category", "images")]).dropLast(14)) + Self.form([]), 400, "twice"),
            ]
            for (form, status, message) in rows {
                let answer = try await Self.send(ada, form)
                #expect(answer.status == status && answer.message.contains(message), "\(message): \(answer.text)")
            }
            #expect(objectFiles(server.folder) == [])
            #expect(try await ada.get("/v1/files").items.isEmpty)
            #expect(try await Self.send(server.guest, Self.form([])).status == 401)
            let json = try await ada.send("POST", "/v1/files/upload", body: Array("{}".utf8))
            #expect(json.status == 415)
            let (port, head) = (ada.port, ada.headers.map { "\($0.key): \($0.value)\r\n" }.joined())
            let chunked = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(
                    "POST /v1/files/upload HTTP/1.1\r\nHost: x\r\n\(head)"
                        + "Content-Type: multipart/form-data; boundary=a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                )
                return try connection.answer()
            }
            #expect(chunked?.status == 411)
            // What registers by JSON still reads no more of it than before.
            let long = try await ada.send("POST", "/v1/files", body: [UInt8](repeating: 0x20, count: 70_000))
            #expect(long.status == 413)
        }
    }
}
