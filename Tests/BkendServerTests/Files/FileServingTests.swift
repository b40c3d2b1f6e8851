import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// How bytes are handed out: what browsers may do with them, and which part of them is sent.
@Suite struct FileServingTests {
    private static let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    private func withFile(
        type: String = "image/png", name: String = "cat.png", visibility: JSON = "public",
        _ body: (TestServer, TestClient, Answer, _ path: String) async throws -> Void
    ) async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let upload = try await ada.stored(name, Self.bytes, type: type)
            let file = try await ada.register(
                upload, name, type: type, size: Self.bytes.count, ["visibility": visibility])
            #expect(file.status == 201)
            try await body(server, ada, file, upload.path)
        }
    }

    @Test("A public file needs no key, and says what caches and browsers need")
    func headers() async throws {
        try await withFile { _, ada, _, path in
            let answer = try await ada.fetch(path)
            #expect(answer.status == 200 && answer.body == Self.bytes)
            let headers = answer.headers
            #expect(headers["content-type"] == "image/png")
            #expect(headers["content-length"] == "200000")
            #expect(headers["etag"]?.count == 34 && headers["last-modified"]?.hasSuffix(" GMT") == true)
            #expect(headers["accept-ranges"] == "bytes")
            #expect(headers["cache-control"] == "public, max-age=300")
            #expect(headers["content-disposition"] == #"inline; filename="cat.png"; filename*=UTF-8''cat.png"#)
            #expect(headers["content-security-policy"] == "sandbox; default-src 'none'")
            #expect(headers["x-content-type-options"] == "nosniff")
            #expect(headers["access-control-allow-origin"] == "*")
            let head = try await ada.fetch(path, method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty && head.headers["content-length"] == "200000")
            #expect(head.headers["etag"] == headers["etag"])
            #expect(try await ada.fetch(path + "?t=1700000000").status == 200)
        }
    }

    @Test(
        "Nothing that can run is shown in the server's origin",
        arguments: [
            "text/html", "image/svg+xml", "application/xml", "application/xhtml+xml", "application/javascript",
            "application/pdf", "text/css", "application/octet-stream",
        ])
    func attachments(type: String) async throws {
        try await withFile(type: type, name: "page.bin") { _, ada, _, path in
            let answer = try await ada.fetch(path)
            #expect(answer.headers["content-disposition"]?.hasPrefix("attachment;") == true)
            #expect(answer.headers["content-security-policy"] == "sandbox; default-src 'none'")
            #expect(answer.headers["x-content-type-options"] == "nosniff")
        }
    }

    @Test("No file is a service worker")
    func serviceWorker() async throws {
        try await withFile { _, ada, _, path in
            let answer = try await ada.fetch(path, ["Service-Worker": "script"])
            #expect(answer.status == 403)
        }
    }

    @Test("A name comes back as it was, and can't break out of its header")
    func disposition() async throws {
        try await withFile(name: "Grüße \"1\"; x=\\.png") { _, ada, file, path in
            #expect(file.json["originalName"] == ".png")  // what stood before the backslash was a path
            _ = try await ada.patch("/v1/files/\(file.id)", ["originalName": "Grüße \"1\"; x=y.png"])
            let value = try await ada.fetch(path).headers["content-disposition"]
            #expect(
                value
                    == "inline; filename=\"Gr____e _1_; x=y.png\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22%3B%20x%3Dy.png"
            )
        }
    }

    @Test("What the client has already isn't sent again")
    func conditional() async throws {
        try await withFile { _, ada, _, path in
            let headers = try await ada.fetch(path).headers
            let (tag, date) = (headers["etag"] ?? "", headers["last-modified"] ?? "")
            for (name, value, status) in [
                ("If-None-Match", tag, 304), ("If-None-Match", "\"x\", W/\(tag)", 304), ("If-None-Match", "*", 304),
                ("If-None-Match", "\"x\"", 200), ("If-Modified-Since", date, 304),
                ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 200), ("If-Modified-Since", "yesterday", 200),
            ] {
                let answer = try await ada.fetch(path, [name: value])
                #expect(answer.status == status, "\(name): \(value)")
                if status == 304 {
                    #expect(answer.body.isEmpty && answer.headers["etag"] == tag)
                    #expect(answer.headers["content-length"] == nil)
                }
            }
        }
    }

    @Test(
        "A part of the bytes can be asked for",
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=100-199", 100..<200), ("bytes=199999-", 199_999..<200_000),
            ("bytes=-5", 199_995..<200_000), ("bytes=130000-140000", 130_000..<140_001),
            ("bytes=0-999999999999999999999", 0..<200_000),
        ])
    func ranges(range: String, part: Range<Int>) async throws {
        try await withFile { _, ada, _, path in
            let answer = try await ada.fetch(path, ["Range": range])
            #expect(answer.status == 206)
            #expect(answer.body == Array(Self.bytes[part]))
            #expect(answer.headers["content-range"] == "bytes \(part.lowerBound)-\(part.upperBound - 1)/200000")
        }
    }

    @Test("A part that isn't there is 416; what is no range is the whole; other bytes than before come whole")
    func oddRanges() async throws {
        try await withFile { _, ada, _, path in
            let beyond = try await ada.fetch(path, ["Range": "bytes=200000-"])
            #expect(beyond.status == 416 && beyond.headers["content-range"] == "bytes */200000")
            for range in ["bytes=5-1", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes="] {
                #expect(try await ada.fetch(path, ["Range": range]).status == 200, "\(range)")
            }
            let tag = try await ada.fetch(path).headers["etag"] ?? ""
            #expect(try await ada.fetch(path, ["Range": "bytes=0-1", "If-Range": tag]).status == 206)
            #expect(try await ada.fetch(path, ["Range": "bytes=0-1", "If-Range": "\"x\""]).status == 200)
        }
    }

    @Test("A file that is public no more is 404 at once, though its address stays")
    func withdrawn() async throws {
        try await withFile { _, ada, file, path in
            _ = try await ada.patch("/v1/files/\(file.id)", ["visibility": "private"])
            #expect(try await ada.fetch(path).status == 404)
            let signed = try await ada.post("/v1/files/\(file.id)/download-url", [:]).address
            let answer = try await ada.fetch(signed)
            #expect(answer.status == 200 && answer.headers["cache-control"] == "private, no-cache")
            _ = try await ada.patch("/v1/files/\(file.id)", ["visibility": "public"])
            #expect(try await ada.fetch(path).status == 200)
        }
    }

    @Test("A signed address decides anew: whoever lost the file sees it no more")
    func decidesAnew() async throws {
        try await withFile(visibility: "shared") { server, ada, file, _ in
            let eve = try await server.signUp("eve@example.com")
            _ = try await ada.patch("/v1/files/\(file.id)", ["sharedWith": [.string(eve.id)]])
            let address = try await eve.client.post("/v1/files/\(file.id)/download-url", [:]).address
            #expect(try await ada.fetch(address).status == 200)
            _ = try await ada.patch("/v1/files/\(file.id)", ["sharedWith": []])
            #expect(try await ada.fetch(address).status == 404)
        }
    }

    @Test("The bytes of a record come by its own route too, with the same headers")
    func download() async throws {
        try await withFile(visibility: "private") { _, ada, file, _ in
            let answer = try await ada.send("GET", "/v1/files/\(file.id)/download", ["Range": "bytes=1-3"])
            #expect(answer.status == 206 && answer.body == Array(Self.bytes[1..<4]))
            #expect(answer.headers["content-security-policy"] == "sandbox; default-src 'none'")
        }
    }

    @Test("Wrapped projects have their records wrapped, and bytes as they are")
    func wrapped() async throws {
        try await withAccounts(configure: { $0.wrappedProjects = ["default"] }) { server in
            let admin = server.admin
            let presigned = try await admin.presign("a.png").json["data"]
            let address = presigned?["url"]?.stringValue?.split(separator: "/", maxSplits: 2).last ?? ""
            let path = "/" + String(address)
            #expect(try await admin.put(path, [1, 2, 3]).status == 200)
            let file = try await admin.post("/v1/files/\(presigned?["fileId"]?.stringValue ?? "")/complete", [:])
            let id = file.json["data"]?["id"]?.stringValue ?? ""
            #expect(try await admin.get("/v1/files/\(id)/download").body == [1, 2, 3])
            // What a 304 brought along would be taken for the next answer of its connection.
            let download = "/v1/files/\(id)/download"
            let (cached, beyond) = (
                admin.request("GET", download, ["If-None-Match": "*"]),
                admin.request("GET", download, ["Range": "bytes=9-"])
            )
            let port = admin.port
            let (first, second) = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(cached + beyond)
                return (try connection.answer(), try connection.answer())
            }
            #expect(first?.status == 304 && first?.headers["content-type"] == "image/png")
            #expect(second?.status == 416 && second?.json["success"] == false, "\(second?.text ?? "")")
        }
    }

    @Test("Where the server is said to be is where addresses lead")
    func publicURL() async throws {
        try await withAccounts(configure: { $0.publicURL = "https://files.example.com/api" }) { server in
            let answer = try await server.admin.presign("a.png")
            #expect(answer.json["url"]?.stringValue?.hasPrefix("https://files.example.com/api/storage/") == true)
        }
    }

    @Test("Pictures that nobody registers are public where their project allows that, and nowhere else")
    func unregistered() async throws {
        for isAllowed in [false, true] {
            try await withAccounts(configure: { if isAllowed { $0.publicUnregisteredImages = ["default"] } }) {
                server in
                let ada = try await server.signUp("ada@example.com").client
                let picture = try await ada.stored("a.png", [1, 2, 3])
                #expect(try await ada.fetch(picture.path).status == (isAllowed ? 200 : 404))
                let hidden = try await ada.stored("a.png", [1, 2, 3], ["visibility": "private"])
                #expect(try await ada.fetch(hidden.path).status == 404)
                let text = try await ada.stored("a.txt", [1, 2, 3], type: "text/plain")
                #expect(try await ada.fetch(text.path).status == 404)
                let shown = try await ada.stored("a.txt", [1, 2, 3], type: "text/plain", ["visibility": "public"])
                #expect(try await ada.fetch(shown.path).status == 200)
            }
        }
    }
}
