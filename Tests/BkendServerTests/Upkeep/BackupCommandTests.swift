import BkendWire
import Foundation
import Testing

@testable import BkendServer

@Suite struct BackupCommandTests {
    @Test("A backup made while the server writes is a data folder: whole records, keys and accounts that work")
    func whileServing() async throws {
        try await Workplace.with { place in
            let other = try await place.json(
                ["environment", "create"], "prod-with-a-long-name-\(String(repeating: "x", count: 40))")
            try await place.apply(["tables": [["name": "a", "indexes": [["fields": ["n": 1]]]]]])
            let server = try await ServeProcess.start(place.folder, "--dynamic")
            let client = TestClient(server.url, key: place.secret)
            let prod = TestClient(server.url, key: other["secretKey"]?.stringValue)
            #expect(try await prod.post("/v1/there", ["x": 1]).status == 201)
            let app = TestClient(server.url, key: place.publishable)
            let account: JSON = ["email": "a@example.com", "password": "abc123", "name": "A"]
            let token = try await app.post("/v1/auth/email/signup", account).json["accessToken"]?.stringValue
            let archive = place.path + "/backup.tar"
            for number in 0..<Int64(100) { _ = try await client.post("/v1/a", ["n": .int(number)]) }
            // Each write makes two records, or none: a backup in between has both of a pair.
            async let writes: Void = {
                for number in 0..<Int64(200) {
                    _ = try await client.post("/v1/a", [["n": .int(number)], ["n": .int(-number)]])
                }
            }()
            let summary = try await CommandRun.run("backup", place.folder, archive, "--json")
            try await writes
            #expect(summary.status == 0, "\(summary.errors)")
            #expect(try summary.json["environments"]?.arrayValue?.count == 2)
            #expect(try CommandTests.mode(archive) == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).count == 3)
            #expect(try await server.end().status == 0)

            let restored = place.path + "/restored"
            try await unpack(archive, to: restored)
            let check = try await CommandRun.run("check", restored)
            #expect(check.status == 0, "\(check.output)")
            #expect(try CommandTests.mode(restored + "/environments/default/dev.sqlite") == 0o600)
            let second = try await ServeProcess.start(restored)
            let again = TestClient(second.url, key: place.secret)
            let total = try await again.get("/v1/a").json["pagination"]?["total"]?.intValue ?? 0
            #expect((100...500).contains(total) && total % 2 == 0)
            #expect(try await again.post("/v1/a", ["n": 7]).status == 201)
            let user = TestClient(second.url, key: place.publishable, token: token)
            #expect(try await user.get("/v1/auth/me").status == 200)
            let restoredProd = TestClient(second.url, key: other["secretKey"]?.stringValue)
            #expect(try await restoredProd.get("/v1/there").items.count == 1)
            #expect(try await second.end().status == 0)
        }
    }

    @Test("Nothing is overwritten, and a backup that fails leaves nothing")
    func refusals() async throws {
        try await Workplace.with { place in
            let there = try place.file("there.tar", [1, 2, 3])
            let run = try await CommandRun.run("backup", place.folder, there)
            #expect(run.status == 73 && run.errors.contains("exists"))
            #expect(FileManager.default.contents(atPath: there) == Data([1, 2, 3]))
            #expect(try await CommandRun.run("backup", place.folder, place.path + "/none/b.tar").status == 66)
            #expect(try await CommandRun.run("backup", place.path, place.path + "/b.tar").status == 66)
            #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).sorted() == ["data", "there.tar"])
        }
    }

    @Test("What is no file among the mails is left out and named; keys and databases are taken through no link")
    func links() async throws {
        try await Workplace.with { place in
            let manager = FileManager.default
            _ = try await place.json(["signing-key", "list"])
            let secret = try place.file("elsewhere", "another's secret".utf8)
            let mail = place.folder + "/mail"
            try manager.createDirectory(atPath: mail, withIntermediateDirectories: true)
            try Data("To: ada@example.com".utf8).write(to: URL(fileURLWithPath: mail + "/1.eml"))
            try manager.createSymbolicLink(atPath: mail + "/2.eml", withDestinationPath: secret)
            try manager.createSymbolicLink(atPath: mail + "/3.eml", withDestinationPath: place.path + "/nowhere")
            try #require(mkfifo(mail + "/4.eml", 0o600) == 0)
            try manager.createDirectory(atPath: mail + "/5.eml", withIntermediateDirectories: false)
            let archive = place.path + "/backup.tar"
            let run = try await CommandRun.run("backup", place.folder, archive, "--json")
            #expect(run.status == 0, "\(run.errors)")
            #expect(try run.json["leftOut"] == ["mail/2.eml", "mail/3.eml", "mail/4.eml", "mail/5.eml"])
            #expect(run.errors.split(separator: "\n").count == 4)
            let bytes = try #require(manager.contents(atPath: archive))
            #expect(bytes.range(of: Data("another's secret".utf8)) == nil)
            #expect(bytes.range(of: Data("To: ada@example.com".utf8)) != nil)

            let link = place.path + "/link.tar"
            try manager.createSymbolicLink(atPath: link, withDestinationPath: place.path + "/nowhere")
            #expect(try await CommandRun.run("backup", place.folder, link).errors.contains("exists"))
            #expect(!manager.fileExists(atPath: place.path + "/nowhere"))

            try await place.apply(["tables": [["name": "a"]]])
            for name in ["signing-keys.json", "environments/default/dev.sqlite", "control.sqlite"] {
                let file = "\(place.folder)/\(name)"
                try manager.moveItem(atPath: file, toPath: place.path + "/moved")
                try manager.createSymbolicLink(atPath: file, withDestinationPath: place.path + "/moved")
                let run = try await CommandRun.run("backup", place.folder, place.path + "/again.tar")
                #expect(run.status == 1 && run.errors.contains(name), "\(run.errors)")
                let check = try await CommandRun.run("check", place.folder)
                #expect(check.output.contains("file: \(name): it is a link"), "\(check.output)")
                try manager.removeItem(atPath: file)
                try manager.moveItem(atPath: place.path + "/moved", toPath: file)
            }
            #expect(!manager.fileExists(atPath: place.path + "/again.tar"))
        }
    }

    @Test("Numbers that octal digits can't hold are written in binary, as GNU's tar does")
    func largeNumbers() throws {
        let header = try TarWriter.header(
            "environments/\(String(repeating: "p", count: 64))/\(String(repeating: "e", count: 64)).sqlite",
            size: 10 << 30, mode: 0o600, type: "0", owner: (1, 2), seconds: 3)
        #expect(header.count == 512)
        #expect(Array(header[124..<136]) == [0x80, 0, 0, 0, 0, 0, 0, 2, 0x80, 0, 0, 0])
        #expect(
            String(decoding: header[345..<422], as: UTF8.self) == "environments/" + String(repeating: "p", count: 64))
        #expect(header[0..<64].allSatisfy { $0 == UInt8(ascii: "e") })
        #expect(header[422] == 0 && header[71] == 0)
    }
}
