import BkendWire
import Crypto
import Foundation
import Testing

@testable import BkendServer

/// Files that leave a server, and come from another.
@Suite struct FileMovingTests {
    private static let part = 5 << 20

    private static func read(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static func lines(_ path: String) throws -> [JSON] {
        try String(decoding: read(path), as: UTF8.self).split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
    }

    /// The paths of all files under a folder.
    private static func files(_ folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { FileStatus("\(folder)/\($0)")?.isFile == true }.sorted()
    }

    @Test("Files go out and come in whole: ids, keys, owners, shares, addresses")
    func roundTrip() async throws {
        try await Workplace.with { place in
            let server = try await ServeProcess.start(place.folder)
            let admin = TestClient(server.url, key: place.secret)
            let app = TestClient(server.url, key: place.publishable)
            let person = try await app.post(
                "/v1/auth/email/signup", ["email": "a@example.com", "password": "abc123", "name": "A"])
            let ada = TestClient(
                server.url, key: place.publishable, token: person.json["accessToken"]?.stringValue)
            let shown = try await ada.upload(
                "cat.png", Array("a cat".utf8), ["visibility": "public", "metadata": ["alt": "a cat"]])
            let shared = try await ada.upload(
                "dog.png", Array("a dog".utf8), ["visibility": "shared", "sharedWith": ["someone"]])
            let gone = try await ada.upload("gone.png", Array("gone".utf8))
            #expect(try await ada.delete("/v1/files/\(gone.id)").status == 200)
            let large = try await Self.uploadInParts(admin)

            let out = place.path + "/out"
            let exported = try await place.json(["export"], "--out", out)
            #expect(exported.arrayValue?.last?["records"] == 3 && exported.arrayValue?.last?["missing"] == [])
            #expect(try Self.read("\(out)/files/\(shown.json["key"]?.stringValue ?? "")") == Array("a cat".utf8))
            #expect(Self.files("\(out)/files").count == 3)
            let again = try await CommandRun.run("export", place.folder, "--out", out)
            #expect(again.status == 73 && again.errors.contains("exists"))
            let without = place.path + "/without"
            _ = try await place.json(["export"], "--out", without, "--without-files")
            #expect(Self.files(without) == ["tables.json"])

            try await Workplace.with { new in
                // Beside a running server, which knows nothing of it.
                let other = try await ServeProcess.start(new.folder)
                let counts = try await new.json(
                    ["import"], "files", "\(out)/files.jsonl", "--bytes", "\(out)/files", "--rejects",
                    new.path + "/rejects")
                #expect(counts["imported"] == 3 && counts["rejected"] == 0, "\(counts)")
                let admin = TestClient(other.url, key: new.secret)
                let file = try await admin.get("/v1/files/\(shown.id)")
                #expect(file.json["key"] == shown.json["key"] && file.json["ownerId"] == shown.json["ownerId"])
                #expect(file.json["createdAt"] == shown.json["createdAt"] && file.json["metadata"] == ["alt": "a cat"])
                let path = "/storage/\(shown.json["key"]?.stringValue ?? "")"
                #expect(try await admin.fetch(path).body == Array("a cat".utf8))
                #expect(try await admin.get("/v1/files/\(shared.id)").json["sharedWith"] == ["someone"])
                #expect(try await admin.get("/v1/files/\(large)/download").body.count == 2 * Self.part)
                // The key of a file is taken here too.
                let register = try await admin.post(
                    "/v1/files",
                    ["s3Key": shown.json["key"] ?? .null, "originalName": "x", "mimeType": "a/b", "size": 5])
                #expect(register.status == 403 || register.status == 409)
                let repeated = try await new.json(
                    ["import"], "files", "\(out)/files.jsonl", "--bytes", "\(out)/files", "--rejects",
                    new.path + "/rejects")
                #expect(repeated["same"] == 3 && repeated["imported"] == 0)
                #expect(try await CommandRun.run("check", new.folder).status == 0)

                let second = new.path + "/out"
                _ = try await new.json(["export"], "--out", second)
                #expect(Self.files("\(second)/files") == Self.files("\(out)/files"))
                let (before, after) = (try Self.lines("\(out)/files.jsonl"), try Self.lines("\(second)/files.jsonl"))
                for (one, two) in zip(before, after) {
                    // A file in parts had no digest.
                    var (one, two) = (one.objectValue ?? [:], two.objectValue ?? [:])
                    if one["sha256"] == .null { (one["sha256"], two["sha256"]) = (nil, nil) }
                    #expect(one == two)
                }
                #expect(try await other.end().status == 0)
            }
            #expect(try await server.end().status == 0)
        }
    }

    private static func uploadInParts(_ client: TestClient) async throws -> String {
        let begun = try await client.post(
            "/v1/files/multipart/init",
            ["filename": "film.mp4", "contentType": "video/mp4", "fileSize": .int(Int64(2 * part))])
        let (key, upload) = (begun.json["key"] ?? .null, begun.json["uploadId"] ?? .null)
        var parts: [JSON] = []
        for number: Int64 in 1...2 {
            let address = try await client.post(
                "/v1/files/multipart/presigned-url", ["key": key, "uploadId": upload, "partNumber": .int(number)])
            let put = try await client.put(address.address, [UInt8](repeating: UInt8(number), count: part))
            parts.append(["partNumber": .int(number), "etag": .string(put.headers["etag"] ?? "")])
        }
        let done = try await client.post(
            "/v1/files/multipart/complete", ["key": key, "uploadId": upload, "parts": .array(parts)])
        #expect(done.status == 200, "\(done.text)")
        let file = try await client.post(
            "/v1/files",
            ["s3Key": key, "originalName": "film.mp4", "mimeType": "video/mp4", "size": .int(Int64(2 * part))])
        #expect(file.status == 201, "\(file.text)")
        return file.id
    }

    /// Pages as the hosted service answers them.
    private static func page(_ files: [JSON]) -> [UInt8] {
        (["success": true, "data": ["items": .array(files), "pagination": ["total": 3]]] as JSON).serialized()
    }

    private static func hosted(_ number: Int, key: String, name: String, size: Int, _ more: JSONObject = [:]) -> JSON {
        var file: JSONObject = [
            "id": .string("65a0b1c2d3e4f5a6b7c8" + String(format: "%04x", number)), "s3Key": .string(key),
            "originalName": .string(name), "mimeType": "image/png", "size": .int(Int64(size)), "visibility": "public",
            "bucket": "images", "ownerId": "ada", "ownerType": "user", "createdAt": "2024-01-12T03:04:05.678Z",
            "url": .string("https://cdn.example.com/\(key)"),
        ]
        for (name, value) in more { file[name] = value }
        return .object(file)
    }

    @Test("Bytes are found by key, or by name and size; what is missing or could be several is told")
    func matching() async throws {
        try await Workplace.with { place in
            let bytes = place.path + "/bytes"
            func put(_ path: String, _ text: String) throws {
                let file = URL(fileURLWithPath: "\(bytes)/\(path)")
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
            let hex = String(repeating: "ab", count: 16)
            try put("images/\(hex)/a.png", "by its key")
            try put("somewhere/else/b.png", "by the last part of its key")
            try put("x/My picture.png", "by its name")
            try put("y/My picture.png", "another size")
            try put("1/same.png", "twice the same")
            try put("2/same.png", "twice the same")
            try put("1/other.png", "first")
            try put("2/other.png", "other")
            try put("short.png", "short")
            try put("digest.png", "1 byte!")
            try FileManager.default.createSymbolicLink(
                atPath: "\(bytes)/link.png", withDestinationPath: "/etc/hostname")
            let digest = SHA256.hash(data: Array("other".utf8)).map { String(format: "%02x", $0) }.joined()
            let page = try place.file(
                "page.json",
                Self.page([
                    Self.hosted(1, key: "images/\(hex)/a.png", name: "A.png", size: 10),
                    Self.hosted(2, key: "images/2025/b.png", name: "B.png", size: 27),
                    Self.hosted(3, key: "images/\(hex)/c", name: "My picture.png", size: 11),
                    Self.hosted(4, key: "images/\(hex)/same.png", name: "s", size: 14),
                    Self.hosted(5, key: "1/other.png/x", name: "other.png", size: 5, ["sha256": .string(digest)]),
                    Self.hosted(6, key: "images/\(hex)/other.png", name: "o", size: 5),
                    Self.hosted(7, key: "images/\(hex)/none.png", name: "n", size: 5),
                    Self.hosted(8, key: "images/\(hex)/short.png", name: "s", size: 500),
                    Self.hosted(9, key: "digest.png", name: "d", size: 7, ["sha256": .string(digest)]),
                    Self.hosted(10, key: "../../etc/passwd", name: "p", size: 7),
                    Self.hosted(11, key: "images/\(hex)/link.png", name: "l", size: 7),
                    Self.hosted(12, key: "images/\(hex)/a.png", name: "A.png", size: 10),
                    Self.hosted(13, key: "images/\(hex)/z.png", name: "a\u{0}", size: 10),
                    Self.hosted(1, key: "images/\(hex)/z.png", name: "a", size: 10),
                    ["id": "1"], "text",
                ]))
            let rejects = place.path + "/rejects"
            let counts = try await place.json(
                ["import"], "files", page, "--bytes", bytes, "--rejects", rejects, status: 1)
            #expect(counts["imported"] == 5 && counts["rejected"] == 11, "\(counts)")
            let reasons = try Self.lines(rejects).map { $0["reason"]?.stringValue ?? "" }
            let expected = [
                "could be", "the bytes are missing", "has 5", "has other bytes", "s3Key", "the bytes are missing",
                "another file has this key", "control", "another file has this id", "s3Key", "is an object",
            ]
            #expect(reasons.count == expected.count)
            for (reason, part) in zip(reasons, expected) { #expect(reason.contains(part), "\(reason)") }

            let server = try await ServeProcess.start(place.folder)
            let admin = TestClient(server.url, key: place.secret)
            for (path, text) in [
                ("images/\(hex)/a.png", "by its key"), ("images/2025/b.png", "by the last part of its key"),
                ("images/\(hex)/c", "by its name"), ("images/\(hex)/same.png", "twice the same"),
                ("1/other.png/x", "other"),
            ] {
                #expect(try await admin.fetch("/storage/\(path)").text == text)
            }
            #expect(try await admin.fetch("/storage/images/\(hex)/other.png").status == 404)
            // A user of that id finds the files of theirs.
            #expect(try await admin.get("/v1/files?ownerId=ada").items.count == 5)
            #expect(try await server.end().status == 0)
            #expect(try await CommandRun.run("check", place.folder).status == 0)
        }
    }

    @Test("Addresses of files in records lead here; those of others stay")
    func addresses() async throws {
        try await Workplace.with { place in
            let bytes = place.path + "/bytes"
            try FileManager.default.createDirectory(atPath: bytes, withIntermediateDirectories: true)
            try Data("a".utf8).write(to: URL(fileURLWithPath: "\(bytes)/a.png"))
            let page = try place.file(
                "page.json", Self.page([Self.hosted(1, key: "images/x/a.png", name: "a.png", size: 1)]))
            _ = try await place.json(["import"], "files", page, "--bytes", bytes, "--rejects", place.path + "/r")
            try await place.apply(["tables": [["name": "posts"]]])
            let record: JSON = [
                "id": "65a0b1c2d3e4f5a6b7c80001", "cover": "https://cdn.example.com/images/x/a.png",
                "text":
                    "See ![](https://cdn.example.com/images/x/a.png?X-Amz-Date=1&X-Amz-Signature=2) and https://cdn.example.com/images/x/a.png.",
                "list": [["url": "https://cdn.example.com/images/x/none.png"]], "other": "https://example.com/a.png",
            ]
            let records = try place.file("records.json", Self.page([record]))
            let counts = try await place.json(
                ["import"], "posts", records, "--map-urls", "https://cdn.example.com/=https://api.example.com/storage/")
            #expect(counts["imported"] == 1 && counts["addresses"] == 3 && counts["unknownAddresses"] == 1, "\(counts)")
            let server = try await ServeProcess.start(place.folder)
            let admin = TestClient(server.url, key: place.secret)
            let json = try await admin.get("/v1/posts/65a0b1c2d3e4f5a6b7c80001").json
            let new = "https://api.example.com/storage/images/x/a.png"
            #expect(json["cover"] == .string(new))
            #expect(json["text"] == .string("See ![](\(new)) and \(new)."))
            #expect(json["list"] == [["url": "https://cdn.example.com/images/x/none.png"]])
            #expect(json["other"] == "https://example.com/a.png")
            #expect(try await server.end().status == 0)
            for arguments in [
                ["import", place.folder, "posts", records, "--map-urls", "cdn=x"],
                ["import", place.folder, "files", page], ["import", place.folder, "posts", page, "--bytes", bytes],
            ] {
                let run = try await CommandRun.run(arguments)
                #expect(run.status != 0 && !run.errors.isEmpty)
            }
        }
    }

    @Test("A key that two environments have: signed addresses are of their own, the public one of where it was made")
    func sameKey() async throws {
        try await Workplace.with { place in
            let added = try await place.json(["environment", "create"], "prod")
            let prodKey = added["secretKey"]?.stringValue ?? ""
            #expect(prodKey.hasPrefix("sk_"), "\(added)")
            let server = try await ServeProcess.start(place.folder)
            let dev = TestClient(server.url, key: place.secret)
            let prod = TestClient(server.url, key: prodKey)
            let file = try await dev.upload("a.txt", Array("a cat".utf8), type: "text/plain")
            let key = file.json["key"]?.stringValue ?? ""
            let bytes = place.path + "/bytes"
            try FileManager.default.createDirectory(atPath: bytes, withIntermediateDirectories: true)
            try Data("a bat".utf8).write(to: URL(fileURLWithPath: "\(bytes)/a.txt"))
            for visibility in ["private", "public"] {
                let page = try place.file(
                    "page.json",
                    Self.page([
                        Self.hosted(
                            visibility == "private" ? 1 : 2, key: visibility == "private" ? key : key + "/x",
                            name: "a.txt", size: 5, ["visibility": .string(visibility)])
                    ]))
                _ = try await place.json(
                    ["import"], "files", page, "--bytes", bytes, "--env", "prod", "--rejects", place.path + "/r")
            }
            func signed(_ client: TestClient, _ id: String) async throws -> String {
                let answer = try await client.post("/v1/files/\(id)/download-url", [:])
                return try await client.fetch(answer.address).text
            }
            #expect(try await signed(dev, file.id) == "a cat")
            #expect(try await signed(prod, "65a0b1c2d3e4f5a6b7c80001") == "a bat")
            #expect(try await dev.fetch("/storage/\(key)").status == 404)
            #expect(try await dev.fetch("/storage/\(key)/x").text == "a bat")
            // Shown in one environment only: its key was made in the other, which knows it and doesn't show it.
            let shown = try await prod.patch(
                "/v1/files/65a0b1c2d3e4f5a6b7c80001/visibility", ["visibility": "public"])
            #expect(shown.status == 200)
            #expect(try await dev.fetch("/storage/\(key)").status == 404)
            #expect(try await server.end().status == 0)
        }
    }

    @Test("Bytes whose key can't be a path beside the others go out and come in by their id")
    func clashingKeys() async throws {
        try await Workplace.with { place in
            let bytes = place.path + "/bytes"
            let long = String(repeating: "l", count: 230)
            try FileManager.default.createDirectory(atPath: bytes, withIntermediateDirectories: true)
            for (name, text) in [("one", "1"), ("two", "22"), ("three", "333")] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(bytes)/\(name)"))
            }
            let page = try place.file(
                "page.json",
                Self.page([
                    Self.hosted(1, key: "a", name: "one", size: 1), Self.hosted(2, key: "a/b", name: "two", size: 2),
                    Self.hosted(3, key: long, name: "three", size: 3),
                ]))
            let counts = try await place.json(
                ["import"], "files", page, "--bytes", bytes, "--rejects", place.path + "/r")
            #expect(counts["imported"] == 3)
            let out = place.path + "/out"
            let exported = try await place.json(["export"], "--out", out)
            #expect(exported.arrayValue?.last?["missing"] == [])
            #expect(Self.files("\(out)/files").count == 3 && Self.files(out).count == 5)
            try await Workplace.with { new in
                let counts = try await new.json(
                    ["import"], "files", "\(out)/files.jsonl", "--bytes", "\(out)/files", "--rejects", new.path + "/r")
                #expect(counts["imported"] == 3 && counts["rejected"] == 0, "\(counts)")
            }
        }
    }

    @Test("Bytes behind a link aren't taken")
    func links() async throws {
        try await Workplace.with { place in
            let (bytes, others) = (place.path + "/bytes", place.path + "/others")
            for folder in [bytes, others] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            try Data("secret".utf8).write(to: URL(fileURLWithPath: others + "/db.key"))
            try FileManager.default.createSymbolicLink(atPath: bytes + "/images", withDestinationPath: others)
            let page = try place.file("p.json", Self.page([Self.hosted(1, key: "images/db.key", name: "k", size: 6)]))
            let counts = try await place.json(
                ["import"], "files", page, "--bytes", bytes, "--rejects", place.path + "/r", status: 1)
            #expect(counts["rejected"] == 1)
        }
    }

    @Test(
        "Addresses in texts",
        arguments: [
            ("https://c/k.png?sig=1,https://c/k.png?sig=2", "N/k.png,N/k.png", 2),
            (#"{\"u\":\"https://c/k.png?Signature=1\"}"#, #"{\"u\":\"N/k.png\"}"#, 1),
            ("https://c/k.png?w=200#page=2 and https://c/k.png.", "N/k.png?w=200#page=2 and N/k.png.", 2),
            ("see https://c/k.png?X-Amz-Signature=1.", "see N/k.png.", 1),
            ("https://d/get?f=k.png", "M/k.png", 1), ("https://c/deep/k.png", "D/k.png", 1),
            ("é https://c/k.png é https://c/none.png", "é N/k.png é https://c/none.png", 1),
        ])
    func texts(text: String, expected: String, count: Int) throws {
        let map = try AddressMap([
            "https://c/=https://n/", "https://d/get?f==https://m/", "https://c/deep/=https://deep/",
        ])
        var counts = ImportCounts()
        let mapped = map.mapped(.string(text), counts: &counts) { $0 == "k.png" }
        let wanted = expected.replacing("N/", with: "https://n/").replacing("M/", with: "https://m/")
            .replacing("D/", with: "https://deep/")
        #expect(mapped == .string(wanted) && counts.addresses == count)
    }

    @Test("Rules that can't be are refused", arguments: ["https://a=https://b/", "a=b", "https://a/=b", "=https://a/"])
    func rules(rule: String) {
        #expect(throws: OperatorError.self) { try AddressMap([rule]) }
    }
}
