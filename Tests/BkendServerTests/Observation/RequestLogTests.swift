import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

@Suite struct RequestLogTests {
    /// Runs requests against a server with a log, and gives its lines.
    static func lines(of requests: (TestServer) async throws -> Void) async throws -> [JSON] {
        try await text(of: requests).split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    static func text(of requests: (TestServer) async throws -> Void) async throws -> String {
        var text = ""
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = folder + "/requests.log"
            let log = try RequestLog(path: path)
            let server = try await TestServer.start(tables: ["tables": [["name": "t"]]]) { $0.requestLog = log }
            do { try await requests(server) } catch {
                try? await server.stop()
                throw error
            }
            // Stopping writes what is left.
            try await server.stop()
            text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(try CommandTests.mode(path) == 0o600)
        }
        return text
    }

    @Test("Each request is one line of JSON that says what, who, how long and with which outcome")
    func line() async throws {
        let lines = try await Self.lines { server in
            let person = try await server.signUp("ada@example.com")
            _ = try await person.client.send("POST", "/v1/t", ["X-Request-Id": "mine-1"], body: Array(#"{"a":1}"#.utf8))
            _ = try await server.admin.get("/v1/t/none?select=a")
            _ = try await TestClient(server.url).get("/v1/nowhere/at/all")
        }
        #expect(lines.map { $0["status"] } == [201, 201, 404, 404])
        #expect(
            lines.map { $0["route"] } == [
                "/v1/auth/email/signup", "/v1/data/:table", "/v1/data/:table/:id", "unknown",
            ])
        #expect(lines.map { $0["group"] } == ["guest", "user", "admin", JSON?.none])
        #expect(lines[1]["id"] == "mine-1")
        #expect(lines[1]["user"]?.stringValue?.isEmpty == false)
        #expect(lines[2]["path"] == "/v1/t/none")
        #expect(lines[2]["code"] == "data/not-found")
        for line in lines {
            #expect(line["time"]?.stringValue.flatMap(Timestamp.init) != nil)
            #expect(line["client"] == "127.0.0.1")
            #expect((line["ms"]?.doubleValue ?? -1) >= 0)
            #expect((line["bytes"]?.intValue ?? 0) > 0)
        }
        #expect(lines[0]["project"] == "default")
        #expect(lines[0]["environment"] == "dev")
    }

    @Test("Neither keys, tokens, bodies nor query values get into the log")
    func secrets() async throws {
        var secrets: [String] = []
        let text = try await Self.text { server in
            let person = try await server.signUp("ada@example.com")
            secrets = [server.secretKey, server.publishableKey, person.accessToken, person.refreshToken, "in-the-body"]
            _ = try await person.client.post("/v1/t", ["a": "in-the-body"])
            _ = try await server.admin.get("/v1/t?search=in-the-body&andFilters=%7B%22a%22%3A%22in-the-body%22%7D")
            // Put where they don't belong.
            for secret in secrets.dropLast() {
                _ = try await server.admin.get("/v1/t/\(secret)")
                _ = try await server.admin.get("/\(secret)?key=\(secret)")
                _ = try await server.admin.send("GET", "/v1/t", ["X-Request-Id": "\(secret) "])
            }
        }
        #expect(text.split(separator: "\n").count == 15)
        for secret in secrets { #expect(!text.contains(secret.prefix(40))) }
    }

    @Test("A log goes through a link to a file, and makes none through a link that leads nowhere")
    func links() async throws {
        try await withFolder { folder in
            let manager = FileManager.default
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("before\n".utf8).write(to: URL(fileURLWithPath: folder + "/there"))
            for name in ["there", "nowhere"] {
                try manager.createSymbolicLink(
                    atPath: "\(folder)/to-\(name)", withDestinationPath: "\(folder)/\(name)")
            }
            let log = try RequestLog(path: folder + "/to-there")
            log.write(["a": 1])
            await log.drained()
            #expect(try String(contentsOfFile: folder + "/there", encoding: .utf8) == "before\n{\"a\":1}\n")
            let error = #expect(throws: OperatorError.self) { _ = try RequestLog(path: folder + "/to-nowhere") }
            #expect(error?.description.contains("leads nowhere") == true)
            #expect(!manager.fileExists(atPath: folder + "/nowhere"))
        }
    }

    @Test("A reader that is stuck costs lines, never requests")
    func stuckReader() async throws {
        let pipe = Pipe()
        let log = RequestLog(descriptor: pipe.fileHandleForWriting.fileDescriptor, bound: 4_096)
        let line: JSONObject = ["text": .string(String(repeating: "a", count: 100))]
        // The pipe holds 64 KiB, the log 4.
        for _ in 0..<5_000 { log.write(line) }
        async let read = blocking {
            String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        await log.drained()
        try pipe.fileHandleForWriting.close()
        let lines = try await read.split(separator: "\n")
        #expect(lines.count < 5_000)
        #expect(lines.contains { $0.hasPrefix(#"{"droppedLines":"#) })
        #expect(lines.allSatisfy { $0.hasPrefix(#"{"text":"a"#) || $0.hasPrefix(#"{"droppedLines":"#) })
    }
}
