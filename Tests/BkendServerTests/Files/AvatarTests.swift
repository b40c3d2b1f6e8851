import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// The pictures of users (rest-api.md §12).
@Suite struct AvatarTests {
    private static let bytes = Array("bytes of a picture".utf8)

    private static func stored(_ client: TestClient, of id: String, _ name: String = "me.png") async throws -> Upload {
        let presigned = try await client.post("/v1/users/\(id)/avatar/upload-url", ["filename": .string(name)])
        return Upload(presigned: presigned, put: try await client.put(presigned.address, bytes))
    }

    @Test("An avatar: an address, the bytes, the user's picture; a new one takes its place")
    func replaced() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let path = "/v1/users/\(ada.id)/avatar"
            let first = try await Self.stored(ada.client, of: ada.id)
            #expect(first.presigned.status == 200 && first.put.status == 200, "\(first.presigned.text)")
            #expect(first.json["url"] == first.json["uploadUrl"] && first.key.hasPrefix("avatars/"))
            let user = try await ada.client.patch(path, ["s3Key": .string(first.key)])
            #expect(user.status == 200 && user.json["id"] == .string(ada.id))
            let image = user.json["image"]?.stringValue ?? ""
            #expect(image.hasSuffix("/storage/\(first.key)"))
            #expect(try await server.guest.fetch(first.path).body == Self.bytes)
            // Its answer was lost: the same once more.
            #expect(try await ada.client.patch(path, ["s3Key": .string(first.key)]).json["image"] == .string(image))

            let second = try await Self.stored(ada.client, of: ada.id)
            #expect(try await ada.client.patch(path, ["s3Key": .string(second.key)]).status == 200)
            #expect(try await server.guest.fetch(first.path).status == 404)
            #expect(try await server.guest.fetch(second.path).status == 200)
            let files = try await ada.client.get("/v1/files?bucket=avatars").items
            #expect(files.map { $0["key"] } == [.string(second.key)])

            let removed = try await ada.client.delete(path)
            #expect(removed.status == 200 && removed.json["message"] != nil)
            #expect(try await ada.client.get("/v1/auth/me").json["image"] == .null)
            #expect(try await server.guest.fetch(second.path).status == 404)
        }
    }

    @Test("Apps that keep the address as image without making it the avatar have it kept")
    func named() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let eve = try await server.signUp("eve@example.com")
            let upload = try await Self.stored(ada.client, of: ada.id)
            let address = upload.json["url"]?.stringValue?.split(separator: "?").first.map { String($0) } ?? ""
            // It is public from the beginning, and somebody else's word doesn't keep it.
            #expect(try await server.guest.fetch(upload.path).body == Self.bytes)
            #expect(
                try await eve.client.patch("/v1/users/\(eve.id)/profile", ["image": .string(address)]).status == 200)
            #expect(try await ada.client.get("/v1/files").items.isEmpty)
            let user = try await ada.client.patch("/v1/users/\(ada.id)/profile", ["image": .string(address)])
            #expect(user.status == 200 && user.json["image"] == .string(address))
            #expect(try await ada.client.get("/v1/files").items.map { $0["key"] } == [.string(upload.key)])
            for image in ["https://example.com/storage/x", "https://example.com/a.png", ""] {
                let answer = try await ada.client.patch("/v1/users/\(ada.id)/profile", ["image": .string(image)])
                #expect(answer.status == 200)
            }
        }
    }

    @Test("Nobody sets another's picture, and only pictures are taken")
    func refused() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let eve = try await server.signUp("eve@example.com")
            let path = "/v1/users/\(ada.id)/avatar"
            #expect(try await eve.client.post(path + "/upload-url", ["filename": "a.png"]).status == 403)
            #expect(try await eve.client.delete(path).status == 403)
            #expect(try await server.guest.post(path + "/upload-url", ["filename": "a.png"]).status == 401)
            for body: JSON in [
                ["filename": "a.svg"], ["filename": "a.png", "contentType": "image/svg+xml"], ["filename": "a"], [:],
            ] {
                #expect(try await ada.client.post(path + "/upload-url", body).status == 400, "\(body)")
            }
            let upload = try await Self.stored(ada.client, of: ada.id)
            let key: JSON = ["s3Key": .string(upload.key)]
            #expect(try await eve.client.patch(path, key).status == 403)
            let stolen = try await eve.client.patch("/v1/users/\(eve.id)/avatar", key)
            #expect(stolen.status == 403 && stolen.code == "file/access-denied")
            #expect(try await ada.client.patch(path, ["s3Key": "avatars/x"]).code == "file/invalid-path")
            #expect(try await ada.client.patch(path, [:]).code == "file/invalid-path")
            let empty = try await ada.client.post(path + "/upload-url", ["filename": "a.png"])
            let early = try await ada.client.patch(path, ["s3Key": empty.json["key"] ?? .null])
            #expect(early.status == 404)
            let text = try await ada.client.upload("a.txt", Self.bytes, type: "text/plain", ["visibility": "public"])
            #expect(try await ada.client.patch(path, ["s3Key": text.json["key"] ?? .null]).status == 400)
            let hidden = try await ada.client.upload("a.png", Self.bytes)
            #expect(try await ada.client.patch(path, ["s3Key": hidden.json["key"] ?? .null]).status == 400)
            // An administrator may, and the file is the user's.
            let byAdmin = try await Self.stored(server.admin, of: ada.id)
            #expect(try await server.admin.patch(path, ["s3Key": .string(byAdmin.key)]).status == 200)
            #expect(try await ada.client.get("/v1/files?bucket=avatars").items.first?["ownerId"] == .string(ada.id))
            let nobody = try await server.admin.post(
                "/v1/users/0123456789abcdef01234567/avatar/upload-url", ["filename": "a.png"])
            #expect(nobody.status == 404 && nobody.code == "user/not-found")
        }
    }

    @Test("A picture goes with its user")
    func withdrawn() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let upload = try await Self.stored(ada.client, of: ada.id)
            let path = "/v1/users/\(ada.id)/avatar"
            #expect(try await ada.client.patch(path, ["s3Key": .string(upload.key)]).status == 200)
            #expect(try await ada.client.delete("/v1/auth/withdraw").status == 200)
            #expect(try await server.guest.fetch(upload.path).status == 404)
        }
    }
}
