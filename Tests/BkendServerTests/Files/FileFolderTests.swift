import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// Files in what operators do: backups, checks, users that go.
@Suite struct FileFolderTests {
    private static let bytes = Array("bytes of a picture".utf8)

    /// A folder with some files, that no server has open.
    private func withFiles(_ body: (_ folder: String, _ object: String) async throws -> Void) async throws {
        try await withFolder { folder in
            let server = try await TestServer.start(folder: folder)
            let file = try await server.admin.upload("a.png", Self.bytes, ["visibility": "public"])
            #expect(file.status == 201)
            _ = try await server.admin.stored("b.png", Self.bytes)
            try await server.stop()
            let objects = objectFiles(folder)
            #expect(objects.count == 2)
            try await body(folder, "files/default/dev/\(objects[0])")
        }
    }

    private func findings(_ folder: String) throws -> [FolderFinding] {
        var findings: [FolderFinding] = []
        _ = try FolderCheck(folder) { findings.append($0) }.run()
        return findings
    }

    @Test("A backup holds the bytes of every file, and the keys that sign addresses; it can be served")
    func backup() async throws {
        try await withFiles { folder, _ in
            let archive = folder + ".tar"
            let restored = folder + ".restored"
            defer { for path in [archive, restored] { try? FileManager.default.removeItem(atPath: path) } }
            _ = try DataFolder.open(at: folder).backup(to: archive, now: .systemNow)
            try await unpack(archive, to: restored)
            #expect(try findings(restored) == [])
            #expect(objectFiles(restored) == objectFiles(folder))
            #expect(FileManager.default.contents(atPath: restored + "/file-keys.json") != nil)
            let server = try await TestServer.start(folder: restored)
            let list = try await server.guest.get("/v1/files")
            let path = "/storage/\(list.items.first?["key"]?.stringValue ?? "")"
            #expect(try await server.guest.fetch(path).body == Self.bytes)
            try await server.stop()
        }
    }

    @Test("A check finds bytes without a row, rows without bytes, and bytes that aren't those that were stored")
    func check() async throws {
        try await withFiles { folder, object in
            #expect(try findings(folder) == [])
            let path = "\(folder)/\(object)"
            let good = try #require(FileManager.default.contents(atPath: path))
            var spoilt = good
            spoilt[0] ^= 1
            try spoilt.write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(try findings(folder).map(\.kind) == [.object])
            try good.dropLast().write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(try findings(folder).map(\.kind) == [.object])
            try FileManager.default.removeItem(atPath: path)
            #expect(try findings(folder).map(\.kind) == [.object])
            let stray = "\(folder)/files/default/dev/\(String(repeating: "0", count: 32))"
            #expect(
                FileManager.default.createFile(atPath: path, contents: good, attributes: [.posixPermissions: 0o600]))
            #expect(
                FileManager.default.createFile(atPath: stray, contents: nil, attributes: [.posixPermissions: 0o600]))
            let found = try findings(folder)
            #expect(found.map(\.kind) == [.object] && found[0].message.contains("no row"))
            // The sweep at the next start takes it.
            let server = try await TestServer.start(folder: folder)
            #expect(try await server.guest.get("/v1/files").status == 200)
            try await server.stop()
            let left = try findings(folder)
            #expect(left == [], "\(left)")
        }
    }

    @Test("A withdrawn account's private files go with it; those that others see stay, without an owner")
    func withdrawn() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let eve = try await server.signUp("eve@example.com")
            var ids: [String: String] = [:]
            for visibility in ["private", "shared", "protected", "public"] {
                let file = try await ada.client.upload(
                    "\(visibility).png", Self.bytes,
                    ["visibility": .string(visibility), "sharedWith": [.string(eve.id)]])
                ids[visibility] = file.id
            }
            let kept = try await eve.upload("eve.png", Self.bytes)
            let pending = try await ada.client.stored("pending.png", Self.bytes)
            #expect(try await ada.client.delete("/v1/auth/withdraw").status == 200)
            for (visibility, id) in ids {
                let answer = try await server.admin.get("/v1/files/\(id)")
                let isKept = visibility == "protected" || visibility == "public"
                #expect((answer.status == 200) == isKept, "\(visibility)")
                if isKept {
                    #expect(answer.json["ownerId"] == .null && answer.json["ownerType"] == "public")
                    #expect(try await eve.client.get("/v1/files/\(id)/download").body == Self.bytes)
                    #expect(try await eve.client.delete("/v1/files/\(id)").status == 403)
                }
            }
            #expect(try await eve.client.get("/v1/files/\(kept.id)").json["ownerId"] == .string(eve.id))
            #expect(try await server.admin.post("/v1/files/\(pending.fileID)/complete", [:]).status == 400)
        }
    }

    @Test("Administrators see files as a table")
    func table() async throws {
        try await withAccounts { server in
            let ada = try await server.signUp("ada@example.com")
            let file = try await ada.upload("a.png", Self.bytes)
            #expect(try await server.admin.get("/v1/data/files").items.count == 1)
            #expect(try await server.admin.get("/v1/data/files/\(file.id)").json == file.json)
            #expect(try await ada.client.get("/v1/data/files").code == "data/system-table-access")
            #expect(try await server.guest.get("/v1/data/files/\(file.id)").code == "data/system-table-access")
        }
    }
}
