import BkendAccounts
import BkendTesting
import BkendWire
import Crypto
import Foundation
import Testing

@testable import BkendServer

/// What clients get wrong, or try: each is told clearly, and leaves nothing behind.
@Suite struct FileBadInputTests {
    private static let bytes = Array("bytes of a picture".utf8)

    @Test(
        "Names that no file can have are refused",
        arguments: [
            ("a\u{0}b.png", "control"), (String(repeating: "a", count: 1_000), "at most 255"), ("", "required"),
            ("a/..", "no name"), ("..", "no name"), ("a/", "no name"), ("photo\u{202E}gnp.exe", "direction"),
            ("a\u{200F}.png", "direction"), ("a\nb", "control"),
        ])
    func names(name: String, reason: String) async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let answer = try await ada.client.presign(name)
            #expect(answer.status == 400 && answer.code == "file/invalid-name")
            #expect(answer.message.contains(reason) && answer.fields == ["filename"], "\(answer.message)")
        }
    }

    @Test("A path before a name is cut off, and never becomes part of a key")
    func paths() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            for name in ["../../etc/passwd", #"C:\Users\ada\passwd"#, "/passwd", "../\u{301}/passwd"] {
                let answer = try await ada.client.presign(name)
                #expect(answer.json["filename"] == "passwd")
                #expect(answer.json["key"]?.stringValue?.hasSuffix("/passwd") == true)
            }
            // A slash with a mark on it is a slash.
            let marked = try await ada.client.presign("../\u{301}a.png")
            #expect(marked.json["filename"]?.stringValue?.unicodeScalars.contains("/") == false, "\(marked.text)")
            let answer = try await ada.client.presign("Grüße aus Köln #1.png")
            let key = answer.json["key"]?.stringValue ?? ""
            #expect(key.utf8.allSatisfy { FileName.isPlain($0) || $0 == 0x2F })
            #expect(answer.json["filename"] == "Grüße aus Köln #1.png")
            #expect(try await ada.client.put(answer.address, Self.bytes).status == 200)
        }
    }

    @Test("What the address is asked with is checked: type, size, visibility, category")
    func presigning() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let rows: [(JSONObject, String, String)] = [
                (["contentType": "picture"], "file/invalid-format", "contentType"),
                (["contentType": 1], "file/invalid-format", "contentType"),
                (
                    ["contentType": .string("a/" + String(repeating: "b", count: 300))], "file/mime-type-too-long",
                    "contentType"
                ),
                (["fileSize": 0], "file/file-too-small", "fileSize"),
                (["fileSize": -1], "file/size-negative", "fileSize"),
                (["fileSize": 1.5], "file/invalid-format", "fileSize"),
                (["fileSize": .int(101 << 20)], "file/file-too-large", "fileSize"),
                (["visibility": "secret"], "file/invalid-format", "visibility"),
                (["category": "../x"], "file/invalid-format", "category"),
                (["filename": ["$ne": .null]], "file/invalid-name", "filename"),
            ]
            for (body, code, field) in rows {
                let answer = try await ada.client.presign("a.png", body)
                #expect(answer.status == 400 && answer.code == code, "\(body): \(answer.text)")
                #expect(answer.fields == [field], "\(body)")
            }
        }
    }

    @Test("Bytes that don't fit their address are refused, and nothing is kept of them")
    func bytes() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let announced = try await ada.presign("a.png", ["fileSize": 18])
            func refused(
                _ answer: Answer, _ status: Int, _ code: String, _ line: Int = #line
            ) {
                #expect(answer.status == status && answer.code == code, "line \(line): \(answer.text)")
            }
            let empty = try await ada.presign("a.png")
            refused(try await ada.put(empty.address, []), 400, "file/file-too-small")
            refused(try await ada.put(announced.address, Self.bytes + [1]), 400, "file/file-too-large")
            refused(try await ada.put(announced.address, Self.bytes.dropLast()), 400, "file/file-too-small")
            refused(
                try await ada.put(
                    announced.address, Self.bytes,
                    ["Content-Digest": "sha-256=:\(Data(repeating: 1, count: 32).base64EncodedString()):"]),
                400, "file/digest-mismatch")
            refused(
                try await ada.put(announced.address, Self.bytes, ["Content-Digest": "sha-256=:!:"]), 400,
                "file/digest-mismatch")
            refused(
                try await ada.register(Upload(presigned: announced, put: announced), "a", size: 18), 404,
                "file/not-found")
            #expect(objectFiles(server.folder) == [])
            let digest = Data(SHA256.hash(data: Self.bytes)).base64EncodedString()
            let put = try await ada.put(announced.address, Self.bytes, ["Content-Digest": "sha-256=:\(digest):"])
            #expect(put.status == 200)
            #expect(objectFiles(server.folder).count == 1)
        }
    }

    @Test("A body without a length is 411, one past the limit 400 before it comes, and the connection ends")
    func lengths() async throws {
        try await withAccounts(configure: { $0.limits.fileBytes = 1_000 }) { server in
            let ada = try await server.signUp("ada@example.com").client
            let address = try await ada.presign("a.png").address
            let port = ada.port
            let (chunked, large) = try await blocking {
                let first = try RawConnection(port: port)
                try first.send(
                    "PUT \(address) HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
                let chunked = try first.answer()
                let second = try RawConnection(port: port)
                try second.send("PUT \(address) HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n")
                return (chunked, try second.answer())
            }
            #expect(chunked?.status == 411 && chunked?.code == "common/length-required")
            #expect(large?.status == 400 && large?.code == "file/file-too-large")
            #expect(large?.headers["connection"] == "close")
        }
    }

    @Test("Half a file is none")
    func half() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let presigned = try await ada.presign("a.png")
            let (address, port) = (presigned.address, ada.port)
            try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send("PUT \(address) HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
                try connection.send([UInt8](repeating: 7, count: 50_000))
                connection.finish()
                _ = try connection.readToEnd()
            }
            let answer = try await ada.register(Upload(presigned: presigned, put: presigned), "a", size: 100_000)
            #expect(answer.status == 404)
            #expect(objectFiles(server.folder) == [])
        }
    }

    @Test("An address is good for one method, one key and a time, and nothing of it can be changed")
    func addresses() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await withAccounts(clock: clock) { server in
            let ada = try await server.signUp("ada@example.com").client
            let first = try await ada.presign("a.png").address
            let second = try await ada.presign("b.png").address
            let query = String(first.drop { $0 != "?" })
            let spoilt = [
                String(second.prefix { $0 != "?" }) + query, first + "&x=1", first + "&v=1",
                first.replacing("exp=", with: "exp=9"),
                first.replacing("a.png", with: "%61.png"), first.replacing("/storage/", with: "/storage//"),
                first.replacing("max=", with: "max=9"), String(first.dropLast(2)),
                first.replacing("usr=", with: "usr=a"),
                first.replacing("?", with: "?%20"), String(first.prefix { $0 != "?" }),
            ]
            for address in spoilt {
                let answer = try await ada.put(address, Self.bytes)
                #expect((400...404).contains(answer.status), "\(address): \(answer.text)")
                #expect(answer.status != 401)
            }
            #expect(try await ada.fetch(first).status == 403)
            #expect(try await ada.fetch(first, method: "DELETE").status == 405)
            #expect(objectFiles(server.folder) == [])
            clock.advance(seconds: 15 * 60)
            let late = try await ada.put(first, Self.bytes)
            #expect(late.status == 403 && late.message.contains("expired"))
        }
    }

    @Test("A second PUT replaces the first until the file is registered; then only the same bytes are taken")
    func twice() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let upload = try await ada.stored("a.png", Array("first".utf8))
            let again = try await ada.put(upload.address, Self.bytes)
            #expect(again.status == 200 && again.headers["etag"] != upload.put.headers["etag"])
            let file = try await ada.register(upload, "a.png", size: Self.bytes.count)
            #expect(file.status == 201)
            let other = try await ada.put(upload.address, Array("other".utf8))
            #expect(other.status == 409 && other.code == "file/s3-key-already-exists")
            let same = try await ada.put(upload.address, Self.bytes)
            #expect(same.status == 200 && same.headers["etag"] == again.headers["etag"])
            #expect(try await ada.get("/v1/files/\(file.id)/download").body == Self.bytes)
        }
    }

    @Test("What a registration says is checked")
    func registering() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com").client
            let upload = try await ada.stored("a.png", Self.bytes)
            let rows: [(JSONObject, String)] = [
                (["originalName": .null], "file/invalid-name"), (["originalName": 1], "file/invalid-name"),
                (["originalName": .string(String(repeating: "a", count: 300))], "file/original-name-too-long"),
                (["mimeType": "x"], "file/invalid-format"), (["size": -1], "file/size-negative"),
                (["size": 17], "file/file-too-large"), (["size": 19], "file/file-too-small"),
                (["size": .null], "file/invalid-format"), (["width": -1], "file/invalid-format"),
                (["visibility": "all"], "file/invalid-format"), (["bucket": "../x"], "file/invalid-format"),
                (["metadata": "x"], "file/invalid-format"), (["sharedWith": "x"], "file/invalid-format"),
                (["metadata": ["a": .string(String(repeating: "x", count: 17_000))]], "file/invalid-format"),
                (["s3Key": .string(String(repeating: "x", count: 1_025))], "file/s3-key-too-long"),
                (["s3Key": "x"], "file/invalid-path"), (["s3Key": .null], "file/invalid-path"),
            ]
            for (body, code) in rows {
                let answer = try await ada.register(upload, "a.png", size: 18, body)
                #expect(answer.status == 400 && answer.code == code, "\(body): \(answer.text)")
            }
            #expect(try await ada.register(upload, "a.png", size: 18).status == 201)
        }
    }

    @Test("An address ends with its user, and with the key that it was asked for by")
    func ended() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let address = try await ada.client.presign("a.png").address
            let file = try await ada.client.upload("b.png", Self.bytes)
            let download = try await ada.client.post("/v1/files/\(file.id)/download-url", [:]).address
            #expect(try await ada.client.fetch(download).status == 200)
            try await server.disableUser(ada.id)
            #expect(try await ada.client.put(address, Self.bytes).status == 403)
            #expect(try await ada.client.fetch(download).status == 404)
            try await server.enableUser(ada.id)
            #expect(try await ada.client.put(address, Self.bytes).status == 200)
            try server.revoke(server.publishableKey)
            #expect(try await ada.client.put(address, Self.bytes).status == 403)
            #expect(try await ada.client.fetch(download).status == 404)
        }
    }

    @Test("A key's scopes bind the routes of files")
    func scopes() throws {
        let scope = try #require(KeyScope("files:read"))
        let caller = Caller(.admin, scopes: [scope])
        for route in Route.files where route.filesScope != nil {
            let operation = try #require(route.filesScope)
            if operation == .read {
                try caller.checkScopes(for: operation, on: "files")
            } else {
                #expect(throws: ErrorBody.self) { try caller.checkScopes(for: operation, on: "files") }
            }
        }
        let keyed = Route.files.filter { if case .keyed = $0.handler { true } else { false } }
        // The pictures of users belong to the users.
        let ofUsers = keyed.filter { $0.pattern.hasPrefix("/v1/users") }
        #expect(keyed.count == 26 && ofUsers.count == 3)
        #expect(ofUsers.allSatisfy { $0.usersScope == .update })
        #expect(keyed.filter { $0.filesScope == nil }.count == 3)
    }

    @Test("A new key signs from its rotation on; addresses of the old one are good for as long as the operator says")
    func rotation() async throws {
        let clock = TestClock("2026-01-01T00:00:00.000Z")
        try await withAccounts(clock: clock) { server in
            let ada = try await server.signUp("ada@example.com").client
            let (kept, lost) = (try await ada.presign("a.png").address, try await ada.presign("b.png").address)
            let file = try SigningKeyFile(in: server.folder, name: AddressKeys.fileName, now: clock.now)
            try file.rotate(now: clock.now, overlap: 900)
            #expect(try await ada.put(kept, Self.bytes).status == 200)
            clock.advance(seconds: 1)
            try file.rotate(now: clock.now, overlap: 0)
            #expect(try await ada.put(lost, Self.bytes).status == 403)
            #expect(try await ada.put(try await ada.presign("c.png").address, Self.bytes).status == 200)
        }
    }
}
