import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// Files as rest-api.md §9 has them, on SQLite and on the hostile storage.
@Suite struct FileContractTests {
    private static let bytes = Array("bytes of a picture".utf8)

    @Test("Upload: an address, the bytes, the record")
    func uploading() async throws {
        try await ContractRow.check([
            ContractRow("presigned-url answers url, key, filename, contentType and fileId") { world in
                let answer = try await world.ada.client.presign("cat.png")
                let json = answer.json
                return answer.status == 200 && json["filename"] == "cat.png" && json["contentType"] == "image/png"
                    && json["fileId"]?.stringValue?.count == 24 && FileKey(json["key"]?.stringValue ?? "") != nil
                    && json["key"]?.stringValue?.hasPrefix("images/") == true
                    && answer.headers["cache-control"] == "no-store"
                    && answer.address.hasPrefix("/storage/\(json["key"]?.stringValue ?? "")?")
            },
            ContractRow("PUT takes bytes with neither key nor token, and answers 200 with an ETag") { world in
                let upload = try await world.ada.client.stored("cat.png", Self.bytes)
                return upload.put.status == 200 && upload.put.headers["etag"]?.count == 34 && upload.put.body.isEmpty
            },
            ContractRow("POST answers 201 with the record") { world in
                let upload = try await world.ada.client.stored("cat.png", Self.bytes)
                let answer = try await world.ada.client.register(
                    upload, "Cat.png", size: Self.bytes.count,
                    ["width": 3, "height": 4, "metadata": ["alt": "a cat", "tags": ["cat"]]])
                let json = answer.json
                let digest = json["sha256"]?.stringValue ?? ""
                return answer.status == 201 && json["id"] == upload.json["fileId"]
                    && json["s3Key"] == upload.json["key"]
                    && json["key"] == upload.json["key"] && json["originalName"] == "Cat.png"
                    && json["mimeType"] == "image/png" && json["size"] == 18 && json["width"] == 3
                    && json["height"] == 4 && json["visibility"] == "private" && json["bucket"] == "images"
                    && json["ownerId"] == .string(world.ada.id) && json["ownerType"] == "user"
                    && json["metadata"] == ["alt": "a cat", "tags": ["cat"]] && json["sharedWith"] == []
                    && json["createdAt"] == json["updatedAt"] && digest.count == 64
                    && json["url"]?.stringValue?.hasSuffix("/v1/files/\(answer.id)/download") == true
            },
            ContractRow("POST takes fileId in the place of s3Key") { world in
                let upload = try await world.ada.client.stored("cat.png", Self.bytes)
                let answer = try await world.ada.client.post(
                    "/v1/files",
                    [
                        "fileId": .string(upload.fileID), "originalName": "a", "mimeType": "image/png", "size": 18,
                    ])
                return answer.status == 201 && answer.id == upload.fileID
            },
            ContractRow("complete makes the record from what was said before") { world in
                let upload = try await world.ada.client.stored("cat.png", Self.bytes, ["visibility": "protected"])
                let answer = try await world.ada.client.post("/v1/files/\(upload.fileID)/complete", [:])
                return answer.status == 201 && answer.json["originalName"] == "cat.png"
                    && answer.json["visibility"] == "protected" && answer.json["size"] == 18
            },
            ContractRow("unset members are null, not absent") { world in
                let json = try await world.ada.client.upload("cat.png", Self.bytes).json.objectValue ?? [:]
                return json["width"] == .null && json["height"] == .null
            },
            ContractRow("a secret key's files are the service's, and have no owner") { world in
                let json = try await world.admin.upload("cat.png", Self.bytes).json
                return json["ownerType"] == "service" && json["ownerId"] == .null
            },
            ContractRow("a guest may not upload") { world in
                let answer = try await world.guest.presign("cat.png")
                return answer.status == 401 && answer.code == "common/authentication-required"
            },
            ContractRow("a guest may not register") { world in
                let upload = try await world.ada.client.stored("cat.png", Self.bytes)
                return try await world.guest.register(upload, "cat.png", size: 18).status == 401
            },
            ContractRow("nobody but who asked for a key registers it, not even an administrator") { world in
                let upload = try await world.ada.client.stored("cat.png", Self.bytes)
                let eve = try await world.eve.client.register(upload, "cat.png", size: 18)
                let admin = try await world.admin.register(upload, "cat.png", size: 18)
                return eve.code == "file/access-denied" && eve.status == 403 && admin.status == 403
            },
            ContractRow("the visibility that was named at first is the record's by default") { world in
                let upload = try await world.ada.client.stored("cat.png", Self.bytes, ["visibility": "public"])
                let json = try await world.ada.client.register(upload, "cat.png", size: 18).json
                return json["visibility"] == "public"
                    && json["url"]?.stringValue?.hasSuffix("/storage/\(upload.key)") == true
            },
            ContractRow("registering twice is 409") { world in
                let upload = try await world.ada.client.stored("cat.png", Self.bytes)
                _ = try await world.ada.client.register(upload, "cat.png", size: 18)
                let again = try await world.ada.client.register(upload, "cat.png", size: 18)
                return again.status == 409 && again.code == "file/s3-key-already-exists"
            },
            ContractRow("a deleted file's key is 409 for ever") { world in
                let upload = try await world.ada.client.stored("cat.png", Self.bytes)
                let file = try await world.ada.client.register(upload, "cat.png", size: 18)
                let gone = try await world.ada.client.delete("/v1/files/\(file.id)")
                let again = try await world.ada.client.register(upload, "cat.png", size: 18)
                let put = try await world.ada.client.put(upload.address, Self.bytes)
                return gone.json == ["success": true] && again.status == 409 && put.status == 409
            },
            ContractRow("without bytes it is 404 while the address is good, and then 400, also for later bytes") {
                world in
                let presigned = try await world.ada.client.presign("cat.png")
                let upload = Upload(presigned: presigned, put: presigned)
                let early = try await world.ada.client.register(upload, "cat.png", size: 18)
                world.clock.advance(seconds: 15 * 60)
                let late = try await world.ada.client.register(upload, "cat.png", size: 18)
                let put = try await world.ada.client.put(upload.address, Self.bytes)
                return early.status == 404 && early.code == "file/not-found" && late.status == 400
                    && late.code == "file/invalid-path" && put.status == 403
            },
            ContractRow("a key that was never issued is 400") { world in
                let key = "images/\(String(repeating: "a", count: 32))/x.png"
                let answer = try await world.ada.client.post(
                    "/v1/files", ["s3Key": .string(key), "originalName": "a", "mimeType": "image/png", "size": 1])
                return answer.status == 400 && answer.code == "file/invalid-path"
            },
        ])
    }

    @Test("Records: reading, listing, changing, deleting")
    func records() async throws {
        try await ContractRow.check([
            ContractRow("GET answers the record to its owner") { world in
                let file = try await world.ada.upload("a.png", Self.bytes)
                return try await world.ada.client.get("/v1/files/\(file.id)").body == file.body
            },
            ContractRow("another's private file is 403, one that isn't there 404") { world in
                let file = try await world.ada.upload("a.png", Self.bytes)
                let eve = try await world.eve.client.get("/v1/files/\(file.id)")
                let guest = try await world.guest.get("/v1/files/\(file.id)")
                let none = try await world.ada.client.get("/v1/files/65a0b1c2d3e4f5a6b7c80000")
                return eve.status == 403 && eve.code == "file/access-denied" && guest.status == 401
                    && none.status == 404
                    && none.code == "file/not-found"
            },
            ContractRow("what concerns the owner alone others don't get") { world in
                let file = try await world.ada.upload("a.png", Self.bytes, ["visibility": "public"])
                let json = try await world.guest.get("/v1/files/\(file.id)").json.objectValue ?? [:]
                return json["originalName"] == "a.png"
                    && ["ownerId", "ownerType", "bucket", "metadata", "sharedWith"].allSatisfy { json[$0] == nil }
            },
            ContractRow("PATCH changes name, visibility and metadata, which are merged") { world in
                let file = try await world.ada.upload("a.png", Self.bytes, ["metadata": ["alt": "x", "a": 1]])
                world.clock.advance(seconds: 1)
                let answer = try await world.ada.client.patch(
                    "/v1/files/\(file.id)",
                    ["originalName": "b.png", "visibility": "public", "metadata": ["alt": "y", "a": .null, "b": 2]])
                let json = answer.json
                return answer.status == 200 && json["originalName"] == "b.png" && json["visibility"] == "public"
                    && json["metadata"] == ["alt": "y", "b": 2] && json["updatedAt"] != file.json["updatedAt"]
                    && json["createdAt"] == file.json["createdAt"]
            },
            ContractRow("PATCH refuses what it can't change") { world in
                let file = try await world.ada.upload("a.png", Self.bytes)
                let answer = try await world.ada.client.patch("/v1/files/\(file.id)", ["size": 1])
                return answer.status == 400 && answer.fields == ["size"]
            },
            ContractRow("PATCH visibility") { world in
                let file = try await world.ada.upload("a.png", Self.bytes)
                let path = "/v1/files/\(file.id)/visibility"
                let answer = try await world.ada.client.patch(path, ["visibility": "protected"])
                return answer.json["visibility"] == "protected"
            },
            ContractRow("only owners and administrators change and delete") { world in
                let file = try await world.ada.upload("a.png", Self.bytes, ["visibility": "public"])
                let path = "/v1/files/\(file.id)"
                let eve = try await world.eve.client.patch(path, ["originalName": "b.png"])
                let gone = try await world.eve.client.delete(path)
                let guest = try await world.guest.delete(path)
                let boss = try await world.boss.client.patch(path, ["originalName": "b.png"])
                let admin = try await world.admin.delete(path)
                return eve.status == 403 && gone.status == 403 && guest.status == 401 && boss.status == 200
                    && admin.status == 200
            },
            ContractRow("a deleted file is 404, and so are its bytes") { world in
                let file = try await world.ada.upload("a.png", Self.bytes, ["visibility": "public"])
                let path = "/storage/\(file.json["key"]?.stringValue ?? "")"
                let before = try await world.guest.fetch(path)
                _ = try await world.ada.client.delete("/v1/files/\(file.id)")
                let after = try await world.guest.fetch(path)
                let record = try await world.ada.client.get("/v1/files/\(file.id)")
                return before.status == 200 && after.status == 404 && record.status == 404
            },
            ContractRow("buckets count the caller's files") { world in
                _ = try await world.eve.upload("a.png", Self.bytes, ["bucket": "temp"])
                let answer = try await world.eve.client.get("/v1/files/buckets")
                return answer.items.contains(["name": "temp", "files": 1, "bytes": 18])
            },
        ])
    }

    @Test("Visibility: who reads and lists what")
    func visibility() async throws {
        try await ContractRow.check(
            [
                ("private", [true, false, false, true]), ("protected", [true, true, false, true]),
                ("shared", [true, true, false, true]), ("public", [true, true, true, true]),
            ].map { visibility, readers in
                ContractRow("a \(visibility) file") { world in
                    let file = try await world.ada.upload(
                        "\(visibility).png", Self.bytes,
                        ["visibility": .string(visibility), "sharedWith": [.string(world.eve.id)]])
                    for (client, isReader) in zip(
                        [world.ada.client, world.eve.client, world.guest, world.admin], readers)
                    {
                        let record = try await client.get("/v1/files/\(file.id)")
                        let bytes = try await client.get("/v1/files/\(file.id)/download")
                        let list = try await client.get("/v1/files?search=\(visibility)")
                        let ids = list.items.compactMap { $0["id"]?.stringValue }
                        guard (record.status == 200) == isReader, (bytes.status == 200) == isReader,
                            ids.contains(file.id) == isReader
                        else { return false }
                    }
                    return true
                }
            }
                + [
                    ContractRow("shared with nobody is the owner's") { world in
                        let file = try await world.ada.upload("s.png", Self.bytes, ["visibility": "shared"])
                        let before = try await world.eve.client.get("/v1/files/\(file.id)")
                        _ = try await world.ada.client.patch(
                            "/v1/files/\(file.id)", ["sharedWith": [.string(world.eve.id)]])
                        let after = try await world.eve.client.get("/v1/files/\(file.id)")
                        return before.status == 403 && after.status == 200
                    }
                ])
    }

    @Test("Lists: filters, order, pages")
    func lists() async throws {
        try await ContractRow.check([
            ContractRow("files to be listed are there") { world in
                for (name, bucket, visibility) in [
                    ("one.png", "images", "public"), ("two.pdf", "documents", "private"),
                    ("three.png", "temp", "protected"),
                ] {
                    world.clock.advance(seconds: 1)
                    let type = name.hasSuffix("png") ? "image/png" : "application/pdf"
                    let bytes = Array(name.utf8)
                    let upload = try await world.ada.client.stored(name, bytes, type: type)
                    let answer = try await world.ada.client.register(
                        upload, name, type: type, size: bytes.count,
                        ["bucket": .string(bucket), "visibility": .string(visibility)])
                    guard answer.status == 201 else { return false }
                }
                return true
            },
            Self.list("the newest first", "", ["three.png", "two.pdf", "one.png"]),
            Self.list("visibility", "visibility=public", ["one.png"]),
            Self.list("bucket", "bucket=documents", ["two.pdf"]),
            Self.list("mimeType", "mimeType=image/png", ["three.png", "one.png"]),
            Self.list("mimeType of a kind", "mimeType=image/*", ["three.png", "one.png"]),
            Self.list("ownerType", "ownerType=service", []),
            Self.list("search, in any case", "search=THREE", ["three.png"]),
            Self.list(
                "sortBy and sortDirection", "sortBy=originalName&sortDirection=asc",
                ["one.png", "three.png", "two.pdf"]),
            Self.list("size", "sortBy=size&sortDirection=desc", ["three.png", "two.pdf", "one.png"]),
            Self.list("page and limit", "page=2&limit=2", ["one.png"]),
            ContractRow("ownerId, and what it doesn't tell others") { world in
                let own = try await world.ada.client.get("/v1/files?ownerId=\(world.ada.id)")
                let others = try await world.eve.client.get("/v1/files?ownerId=\(world.ada.id)")
                let guest = try await world.guest.get("/v1/files?bucket=images")
                let admin = try await world.admin.get("/v1/files?ownerId=\(world.ada.id)")
                return own.items.count == 3 && others.items.isEmpty && guest.items.isEmpty && admin.items.count == 3
            },
            ContractRow("pages say hasNextPage and hasPrevPage too") { world in
                let page = try await world.ada.client.get("/v1/files?limit=1").json["pagination"]
                return page?["hasNextPage"] == true && page?["hasPrevPage"] == false && page?["hasNext"] == true
                    && page?["total"] == 3
            },
            ContractRow("others see what is shown to them") { world in
                let eve = try await world.eve.client.get("/v1/files")
                let guest = try await world.guest.get("/v1/files")
                return eve.items.count == 2 && guest.items.count == 1
            },
            ContractRow("an unknown parameter is refused") { world in
                let answer = try await world.ada.client.get("/v1/files?owner=x")
                return answer.status == 400 && answer.message.contains("owner")
            },
            ContractRow("a wrong visibility and a wrong order are refused") { world in
                let visibility = try await world.ada.client.get("/v1/files?visibility=secret")
                let order = try await world.ada.client.get("/v1/files?sortBy=ownerId")
                return visibility.status == 400 && order.status == 400
            },
        ])
    }

    private static func list(_ name: String, _ query: String, _ names: [String]) -> ContractRow {
        ContractRow("list by \(name)") { world in
            let answer = try await world.ada.client.get("/v1/files?\(query)")
            return answer.items.compactMap { $0["originalName"]?.stringValue } == names
        }
    }

    @Test("Addresses of downloads")
    func downloads() async throws {
        for method in ["GET", "POST"] {
            try await ContractRow.check([
                ContractRow("\(method) of a public file: for good, without a signature") { world in
                    let file = try await world.ada.upload("a.png", Self.bytes, ["visibility": "public"])
                    let answer = try await world.guest.send(
                        method, "/v1/files/\(file.id)/download-url", body: method == "POST" ? [] : nil)
                    let bytes = try await world.guest.fetch(answer.address)
                    return answer.status == 200 && !answer.address.contains("?") && bytes.body == Self.bytes
                        && answer.json["filename"] == "a.png" && answer.json["contentType"] == "image/png"
                        && answer.json["size"] == 18
                        && answer.json["expiresAt"]?.stringValue?.hasPrefix("9999") == true
                },
                ContractRow("\(method) of another's file is refused") { world in
                    let file = try await world.ada.upload("a.png", Self.bytes)
                    let answer = try await world.eve.client.send(
                        method, "/v1/files/\(file.id)/download-url", body: method == "POST" ? [] : nil)
                    return answer.status == 403 && answer.code == "file/access-denied"
                },
                // The last: everybody's token ends with the hour.
                ContractRow("\(method) of a private file: for an hour") { world in
                    let file = try await world.ada.upload("a.png", Self.bytes)
                    let answer = try await world.ada.client.send(
                        method, "/v1/files/\(file.id)/download-url", body: method == "POST" ? [] : nil)
                    let bytes = try await world.guest.fetch(answer.address)
                    let bare = try await world.guest.fetch(String(answer.address.prefix { $0 != "?" }))
                    world.clock.advance(seconds: 3_600)
                    let late = try await world.guest.fetch(answer.address)
                    return bytes.body == Self.bytes && bare.status == 404 && late.status == 403
                        && late.code == "file/access-denied"
                },
            ])
        }
    }
}
