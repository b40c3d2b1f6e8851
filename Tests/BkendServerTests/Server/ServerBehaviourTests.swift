import BkendTesting
import BkendWire
import Dispatch
import Foundation
import Testing

@testable import BkendServer

@Suite struct ServerBehaviourTests {
    static let tables: JSON = ["tables": [["name": "t"]]]

    @Test("A key that is missing is a 400, one that doesn't fit a 401")
    func keys() async throws {
        try await withServer(tables: Self.tables) { server in
            #expect(try await TestClient(server.url).get("/v1/t").code == "data/invalid-header")
            let unknown = "sk_" + String(repeating: "0", count: 64)
            for key in [unknown, "sk_1", "hello", server.secretKey + "0", server.secretKey.uppercased()] {
                let answer = try await TestClient(server.url, key: key).get("/v1/t")
                #expect(answer.status == 401)
                #expect(answer.code == "auth/invalid-api-key")
                #expect(!answer.text.contains(key))
            }
            let bearer = try await TestClient(server.url).send(
                "GET", "/v1/t", ["Authorization": "Bearer \(server.secretKey)"])
            #expect(bearer.status == 200)
        }
    }

    @Test("A revoked key is refused from the next request on")
    func revocation() async throws {
        try await withServer(tables: Self.tables) { server in
            #expect(try await server.guest.get("/v1/t").status == 200)
            let revoked = try server.revoke(server.publishableKey)
            #expect(revoked)
            #expect(try await server.guest.get("/v1/t").code == "auth/invalid-api-key")
            #expect(try await server.admin.get("/v1/t").status == 200)
            #expect(try server.revoke(server.publishableKey) == false)
        }
    }

    @Test("Tables that change while the server runs are noticed at once")
    func apply() async throws {
        try await withServer(tables: Self.tables) { server in
            #expect(try await server.guest.get("/v1/t").status == 200)
            try server.apply(["tables": [["name": "t", "permissions": [:]], ["name": "u"]]])
            #expect(try await server.guest.get("/v1/t").status == 403)
            #expect(try await server.guest.get("/v1/u").status == 200)
            #expect(try server.apply(["tables": [["name": "u"]]]) == [])
        }
    }

    @Test("Browsers may call from anywhere and read the headers they need")
    func cors() async throws {
        try await withServer(tables: Self.tables) { server in
            let preflight = try await TestClient(server.url).send(
                "OPTIONS", "/v1/t", ["Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"])
            #expect(preflight.status == 204)
            #expect(preflight.headers["access-control-allow-origin"] == "*")
            #expect(preflight.headers["access-control-allow-methods"]?.contains("PATCH") == true)
            for name in ["X-API-Key", "Authorization", "Content-Type"] {
                #expect(preflight.headers["access-control-allow-headers"]?.contains(name) == true)
            }
            for path in ["/v1/t", "/v1/nothing"] {
                let answer = try await server.guest.send("GET", path, ["Origin": "https://app.example"])
                #expect(answer.headers["access-control-allow-origin"] == "*")
                #expect(answer.headers["access-control-expose-headers"]?.contains("X-Request-Id") == true)
            }
        }
    }

    @Test("A request's id comes back, a new one when it is none")
    func requestIDs() async throws {
        try await withServer { server in
            let given = try await TestClient(server.url).send("GET", "/health", ["X-Request-Id": "abc-1"])
            #expect(given.headers["x-request-id"] == "abc-1")
            let made = try await TestClient(server.url).send("GET", "/health", ["X-Request-Id": "no good"])
            #expect(made.headers["x-request-id"]?.isEmpty == false)
            #expect(made.headers["x-request-id"] != "no good")
            #expect(given.text == #"{"status":"ok"}"#)
        }
    }

    @Test("Everything is there after a restart")
    func restart() async throws {
        try await withFolder { folder in
            let first = try await TestServer.start(folder: folder, tables: Self.tables)
            let created = try await first.admin.post("/v1/t", ["a": 1])
            try await first.stop()
            let second = try await TestServer.start(folder: folder)
            #expect(second.publishableKey == first.publishableKey)
            let client = TestClient(second.url, key: first.secretKey)
            #expect(try await client.get("/v1/t/\(created.id)").body == created.body)
            #expect(try await client.post("/v1/t", ["a": 2]).status == 201)
            try await second.stop()
        }
    }

    @Test("Parallel writers all get their answer, and no write is lost")
    func parallelWriters() async throws {
        try await withServer(tables: [
            "tables": [["name": "t", "schema": ["properties": ["k": ["type": "int", "unique": true]]]]]
        ]) { server in
            let client = server.admin
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<40 {
                    group.addTask { try await client.post("/v1/t", ["k": .int(Int64(number / 2))]).status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 201 }.count == 20)
            #expect(statuses.filter { $0 == 409 }.count == 20)
            #expect(try await client.list("/v1/t", [("limit", "100")]).json["pagination"]?["total"] == 20)
        }
    }

    @Test("Many long lists at once are all answered, and short reads go on meanwhile")
    func longLists() async throws {
        try await withServer(tables: Self.tables) { server in
            let client = server.admin
            let text = JSON.string(String(repeating: "abc ", count: 100))
            let records = JSON.array((0..<1_000).map { ["n": .int(Int64($0)), "s": text] })
            for _ in 0..<4 { _ = try await client.post("/v1/t", records) }
            let filter = ("andFilters", #"{"s":{"$regex":"(a|b|c)*z$"},"n":{"$gte":0}}"#)
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<12 { group.addTask { try await client.list("/v1/t", [filter]).status } }
                for _ in 0..<12 { group.addTask { try await client.list("/v1/t", [("limit", "1")]).status } }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(answers.count == 24)
            #expect(answers.allSatisfy { $0 == 200 })
        }
    }

    @Test("A connection carries many requests, also after an error and after a body nobody read")
    func keepAlive() async throws {
        try await withServer(tables: Self.tables) { server in
            let client = server.admin
            let requests = [
                client.request("GET", "/v1/t"), client.request("POST", "/v1/t", body: Array("{".utf8)),
                client.request("POST", "/v1/t", body: Array("{}".utf8), type: "text/plain"),
                client.request("POST", "/v1/t", body: Array(#"{"a":1}"#.utf8)), client.request("GET", "/v1/t"),
            ]
            let statuses = try await blocking {
                let connection = try RawConnection(port: client.port)
                return try requests.map { request in
                    try connection.send(request)
                    return try connection.answer()?.status
                }
            }
            #expect(statuses == [200, 400, 415, 201, 200])
        }
    }

    @Test("A request that dribbles in is cut off, and one that never comes too")
    func slowClients() async throws {
        try await withServer(tables: Self.tables) {
            $0.limits.requestSeconds = 1
            $0.limits.idleSeconds = 1
        } _: { server in
            let client = server.admin
            let half = client.request("POST", "/v1/t", ["Content-Length": "100"]) + Array(#"{"a":"#.utf8)
            for bytes in [half, Array("GET /v1/t HTTP/1.1\r\nHost:".utf8), []] {
                let rest = try await blocking {
                    let connection = try RawConnection(port: client.port)
                    try connection.send(bytes)
                    return try connection.readToEnd()
                }
                #expect(!String(decoding: rest, as: UTF8.self).contains("HTTP/1.1 201"))
            }
            #expect(try await client.get("/health").status == 200)
        }
    }

    @Test("A client that asks before it sends a body is told to go on")
    func expectContinue() async throws {
        try await withServer(tables: Self.tables) { server in
            let client = server.admin
            let body = Array(#"{"a":1}"#.utf8)
            let head = client.request("POST", "/v1/t", ["Expect": "100-continue", "Content-Length": "\(body.count)"])
            let statuses = try await blocking {
                let connection = try RawConnection(port: client.port)
                try connection.send(head)
                let first = try connection.answer()?.status
                try connection.send(body)
                return [first, try connection.answer()?.status]
            }
            #expect(statuses == [100, 201])
        }
    }

    @Test("A stopping server answers what is in flight, and then takes nothing more")
    func gracefulStop() async throws {
        try await withFolder { folder in
            let server = try await TestServer.start(folder: folder, tables: Self.tables)
            let client = server.admin
            let body = Array(#"{"a":1}"#.utf8)
            let head = client.request("POST", "/v1/t", ["Expect": "100-continue", "Content-Length": "\(body.count)"])
            let (reached, isReached) = AsyncStream<Void>.makeStream()
            let stopping = DispatchSemaphore(value: 0)
            async let answer = blocking {
                let connection = try RawConnection(port: client.port)
                try connection.send(head)
                // Once the server says "go on", the request is in flight.
                _ = try connection.answer()
                isReached.finish()
                stopping.wait()
                try connection.send(body)
                return try connection.answer()
            }
            for await _ in reached {}
            async let stopped: Void = server.stop()
            // Nothing listens any more once the server is stopping.
            while (try? await client.get("/health")) != nil { await Task.yield() }
            stopping.signal()
            let created = try #require(try await answer)
            try await stopped
            #expect(created.status == 201)
            await #expect(throws: RawConnection.Failure.self) { try await client.get("/health") }
            let again = try await TestServer.start(folder: folder)
            #expect(try await TestClient(again.url, key: server.secretKey).get("/v1/t/\(created.id)").status == 200)
            try await again.stop()
        }
    }

    @Test("A port in use and a folder that is none end the start with an error")
    func failingStart() async throws {
        try await withServer { server in
            let port = TestClient(server.url).port
            let error = await #expect(throws: (any Error).self) {
                _ = try await TestServer.start { $0.port = port }
            }
            #expect(error.map(ServerFailure.line)?.contains("port is in use") == true)
        }
        #expect(throws: OperatorError.self) { try DataFolder.open(at: "/nonexistent/folder") }
    }
}
