import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// `POST /x1/changes` with `Accept: text/event-stream`, over real sockets.
@Suite(.timeLimit(.minutes(10))) struct StreamRouteTests {
    private static let tables: JSON = [
        "tables": [["name": "notes"], ["name": "logs"], ["name": "own", "permissions": ["self": ["list": true]]]]
    ]

    /// On a busy machine a page would end before it is full.
    private static func unhurried(_ settings: inout ServerSettings) {
        settings.limits.changesMilliseconds = 60_000
        settings.limits.queryMilliseconds = 60_000
    }

    /// The values of a field, one for each upsert.
    private static func values(_ page: JSON?, _ field: String = "n") -> [JSON?]? {
        page?["upserts"]?.arrayValue?.map { $0[field] }
    }

    @Test("A stream begins with cursors, and tells each change; each event goes on where the last one ended")
    func changes() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            let old = try await client.post("/v1/notes", ["n": 1])
            let stream = try await EventConnection.open(client, ["name": "all", "table": "notes"])
            #expect(stream.answer.status == 200)
            #expect(stream.answer.headers["content-type"] == "text/event-stream")
            #expect(stream.answer.headers["x-accel-buffering"] == "no")
            #expect(stream.answer.headers["x-bkend-extensions"] == "changes, stream")
            let first = try #require(try await stream.next()?["all"])
            #expect(first["upserts"] == [] && first["removed"] == [] && first["hasMore"] == false)
            let made = try await client.post("/v1/notes", ["n": 2])
            let created = try #require(try await stream.next()?["all"])
            #expect(Self.values(created) == [2] && created["since"] == first["cursor"])
            #expect(created["asOf"]?.stringValue == made.headers["x-bkend-position"])
            let deleted = try await client.delete("/v1/notes/\(old.id)")
            let removed = try #require(try await stream.next()?["all"])
            #expect(removed["removed"]?[0]?["id"] == .string(old.id) && removed["since"] == created["cursor"])
            #expect(removed["asOf"]?.stringValue == deleted.headers["x-bkend-position"])
            // A request without a stream goes on from any cursor of it, and a stream from one of a request.
            let asked = try await client.post(
                "/x1/changes",
                ["subscriptions": [["name": "all", "table": "notes", "since": first["cursor"] ?? .null]]])
            #expect(Self.values(asked.json["subscriptions"]?[0]) == [2])
            let again = try await EventConnection.open(
                client, ["name": "all", "table": "notes", "since": created["cursor"] ?? .null])
            #expect(try await again.next()?["all"]?["removed"]?[0]?["id"] == .string(old.id))
        }
    }

    @Test("All subscriptions of a table are told together, and none of another table")
    func together() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            let stream = try await EventConnection.open(
                client, ["name": "all", "table": "notes"],
                ["name": "small", "table": "notes", "andFilters": ["n": ["$lt": 5]]], ["name": "logs", "table": "logs"])
            _ = try await stream.next()
            let made = try await client.post("/v1/notes", ["n": 9])
            let event = try #require(try await stream.next())
            #expect(Self.values(event["all"]) == [9] && Self.values(event["small"]) == [])
            #expect(event["all"]?["asOf"] == event["small"]?["asOf"] && event["logs"] == nil)
            _ = try await client.patch("/v1/notes/\(made.id)", ["n": 2])
            let next = try #require(try await stream.next())
            #expect(Self.values(next["all"]) == [2] && Self.values(next["small"]) == [2])
        }
    }

    @Test("Users are told of what they may list, and each of their own writes is covered by an event")
    func users() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let (ada, bob) = (server.user("ada"), server.user("bob"))
            let subscriptions: [JSON] = [["name": "own", "table": "own"], ["name": "notes", "table": "notes"]]
            let ofAda = try await EventConnection.open(ada, subscriptions[0], subscriptions[1])
            let ofBob = try await EventConnection.open(bob, subscriptions[0], subscriptions[1])
            _ = (try await ofAda.next(), try await ofBob.next())
            _ = try await bob.post("/v1/notes", ["n": 2])
            #expect(Self.values(try await ofAda.next()?["notes"]) == [2])
            #expect(Self.values(try await ofBob.next()?["notes"]) == [2])
            // A filter that the record doesn't match: nothing is told but how far the stream is.
            let narrow = try await EventConnection.open(
                ada, ["name": "none", "table": "notes", "andFilters": ["n": 77]])
            let first = try #require(try await narrow.next()?["none"])
            _ = try await bob.post("/v1/notes", ["n": 3])
            let mine = try await ada.post("/v1/notes", ["n": 4])
            let told = try #require(try await narrow.next()?["none"])
            #expect(told["upserts"] == [] && told["removed"] == [] && told["since"] == first["cursor"])
            #expect(told["asOf"]?.stringValue == mine.headers["x-bkend-position"])
        }
    }

    @Test("New rules end the subscriptions of their table, and a stream without subscriptions ends")
    func rules() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let stream = try await EventConnection.open(
                server.guest, ["name": "notes", "table": "notes"], ["name": "logs", "table": "logs"])
            _ = try await stream.next()
            try server.apply(["tables": [["name": "notes", "permissions": ["user": ["list": true]]]]])
            let event = try #require(try await stream.next())
            #expect(event["notes"]?["error"]?["code"] == "data/permission-denied")
            #expect(event["logs"]?["cursor"] != nil)
            _ = try await server.admin.post("/v1/logs", ["n": 1])
            #expect(Self.values(try await stream.next()?["logs"]) == [1])
            try server.apply([
                "tables": [["name": "logs", "schema": ["type": "object", "properties": ["n": ["type": "string"]]]]]
            ])
            let last = try #require(try await stream.next())
            #expect(last["logs"]?["error"]?["reason"] == "changed" && last["notes"] == nil)
            #expect(try await stream.next() == nil)
        }
    }

    @Test("What can't be followed is refused by itself: a pattern, a table that isn't there, an old cursor")
    func refused() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let stream = try await EventConnection.open(
                server.guest, ["name": "p", "table": "notes", "andFilters": ["n": ["$regex": "a"]]],
                ["name": "t", "table": "none"], ["name": "c", "table": "notes", "since": "1.0.0.x"],
                ["name": "o", "table": "own"], ["name": "n", "table": "notes"])
            let first = try #require(try await stream.next())
            let codes = ["p", "t", "c", "o", "n"].map { first[$0]?["error"]?["code"]?.stringValue }
            #expect(
                codes == [
                    "data/validation-error", "data/table-not-found", "data/cursor-expired", "data/permission-denied",
                    nil,
                ])
            _ = try await server.admin.post("/v1/notes", ["n": 1])
            let event = try #require(try await stream.next())
            #expect(Self.values(event["n"]) == [1] && event["p"] == nil && event["c"] == nil)
            let bad = try await server.guest.send(
                "POST", "/x1/changes", ["Accept": "text/event-stream"], body: Array("{}".utf8))
            #expect(bad.status == 400 && bad.fields == ["subscriptions"])
        }
    }

    @Test("A client of HTTP/1.0 gets the events without chunks")
    func oldClient() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let client = server.admin
            let body = Array(#"{"subscriptions":[{"name":"n","table":"notes"}]}"#.utf8)
            let request = client.request("POST", "/x1/changes", ["Accept": "text/event-stream"], body: body)
            let text = String(decoding: request, as: UTF8.self).replacing("HTTP/1.1", with: "HTTP/1.0")
            try await blocking {
                let connection = try RawConnection(port: client.port)
                try connection.send(text)
                let answer = try #require(try connection.answer())
                #expect(answer.status == 200 && answer.headers["transfer-encoding"] == nil)
                #expect(try connection.line(endedBy: [10, 10])?.hasPrefix("data: ") == true)
            }
        }
    }

    @Test("A stream that was told nothing for a while sends a comment")
    func silence() async throws {
        try await withServer(tables: Self.tables) {
            $0.limits.streamSilenceSeconds = 1
        } _: { server in
            let stream = try await EventConnection.open(server.admin, ["name": "n", "table": "notes"])
            _ = try await stream.next()
            for _ in 0..<2 {
                let comment = try #require(try await stream.nextOfAny())
                #expect(comment.name == nil && comment.data == .null)
            }
            _ = try await server.admin.post("/v1/notes", ["n": 1])
            #expect(Self.values(try await stream.next()?["n"]) == [1])
        }
    }

    // MARK: Who may go on

    @Test("A stream ends with its session, with a word", arguments: ["session", "user", "key"])
    func unauthorized(what: String) async throws {
        try await withAccounts(tables: Self.tables) {
            $0.limits.streamSilenceSeconds = 1
        } _: { server in
            let person = try await server.signUp("ada@example.com")
            let stream = try await EventConnection.open(person.client, ["name": "n", "table": "notes"])
            _ = try await stream.next()
            switch what {
            case "session": _ = try await person.client.post("/v1/auth/signout", [:])
            case "user": try await server.disableUser(person.id)
            default: #expect(try server.revoke(server.publishableKey))
            }
            let event = try #require(try await stream.next())
            #expect(event.name == "unauthorized")
            let code = event.data["error"]?["code"]?.stringValue ?? ""
            #expect(code.hasPrefix("auth/"), "\(code)")
            #expect(try await stream.next() == nil)
        }
    }

    // MARK: Bounds

    @Test("A client that takes nothing holds up nobody, and reads all when it goes on")
    func slowReader() async throws {
        try await withServer(tables: Self.tables) {
            Self.unhurried(&$0)
            $0.limits.progressSeconds = 600
        } _: { server in
            let client = server.admin
            let slow = try await EventConnection.open(client, window: 4_096, ["name": "n", "table": "notes"])
            let quick = try await EventConnection.open(client, ["name": "n", "table": "notes"])
            _ = (try await slow.next(), try await quick.next())
            let text = JSON.string(String(repeating: "x", count: 200_000))
            for number in 0..<20 {
                _ = try await client.post("/v1/notes", ["n": .int(Int64(number)), "text": text])
                #expect(Self.values(try await quick.next()?["n"]) == [.int(Int64(number))])
            }
            var told: [JSON?] = []
            var events = 0
            while told.count < 20 {
                let page = try #require(try await slow.next()?["n"])
                told += Self.values(page) ?? []
                events += 1
            }
            #expect(told == (0..<20).map { .int($0) })
            // What waited for it was few events; the rest it has read by itself, in pages.
            #expect(events < 20)
        }
    }

    @Test("More changes than a stream is told at once it reads by itself")
    func manyChanges() async throws {
        try await withServer(tables: Self.tables, configure: Self.unhurried) { server in
            let stream = try await EventConnection.open(
                server.admin, ["name": "n", "table": "notes", "limit": 100], ["name": "l", "table": "logs"])
            _ = try await stream.next()
            let many = (0..<700).map { JSON.object(["n": .int($0)]) }
            _ = try await server.admin.post("/v1/notes", .array(many))
            var told = 0
            while told < 700 { told += Self.values(try #require(try await stream.next()?["n"]))?.count ?? 0 }
            _ = try await server.admin.post("/v1/logs", ["n": 1])
            var logs: [JSON?] = []
            while logs.isEmpty { logs = Self.values(try #require(try await stream.next())["l"]) ?? [] }
            #expect(logs == [1] && told == 700)
        }
    }

    @Test("Streams have limits of their own: in all, of an address, of a user; connections are none of them")
    func limits() async throws {
        try await withServer(tables: Self.tables) {
            $0.limits.connections = 2
            $0.limits.connectionsPerAddress = 3
            $0.limits.streams = 4
        } _: { server in
            let client = server.guest
            let subscription: JSON = ["name": "n", "table": "notes"]
            var streams: [EventConnection] = []
            for _ in 0..<3 { streams.append(try await EventConnection.open(client, subscription)) }
            #expect(streams.allSatisfy { $0.answer.status == 200 })
            let ofAddress = try await EventConnection.open(client, subscription)
            #expect(ofAddress.answer.status == 429 && ofAddress.answer.headers["retry-after"] == "60")
            streams.append(try await EventConnection.open(client, from: 2, subscription))
            let inAll = try await EventConnection.open(client, from: 3, subscription)
            #expect(streams[3].answer.status == 200 && inAll.answer.status == 503)
            #expect(try await client.get("/v1/notes").status == 200)
            for stream in streams { #expect(try await stream.next()?["n"]?["cursor"] != nil) }
        }
        try await withServer(tables: Self.tables) {
            $0.limits.streams = 0
        } _: { server in
            let plain = try await server.guest.send(
                "POST", "/x1/changes", ["Accept": "text/event-stream"],
                body: Array(#"{"subscriptions":[{"name":"n","table":"notes"}]}"#.utf8))
            #expect(plain.json["subscriptions"]?[0]?["cursor"] != nil)
            #expect(plain.headers["x-bkend-extensions"] == "changes")
        }
    }

    @Test("A user has a hundred streams at most")
    func limitOfUser() async throws {
        try await RecordStore.with { place in
            let hub = StreamHub(place.store, silence: .seconds(3_600), metrics: StreamMetrics())
            var places: [StreamPlace] = []
            for _ in 0..<StreamHub.mostOfUser {
                places.append(try StreamPlace(in: hub, for: StreamHub.Owner(user: "ada")))
            }
            #expect(throws: (any Error).self) { try StreamPlace(in: hub, for: StreamHub.Owner(user: "ada")) }
            _ = try StreamPlace(in: hub, for: StreamHub.Owner(user: "bob"))
            #expect(hub.count == StreamHub.mostOfUser)
            places.removeLast()
            places.append(try StreamPlace(in: hub, for: StreamHub.Owner(user: "ada")))
            places = []
            #expect(hub.count == 0)
        }
    }

    @Test("A stream whose client goes is forgotten, and a stopping server ends those that are left")
    func ends() async throws {
        let server = try await TestServer.start(tables: Self.tables) { $0.adminPort = 0 }
        let admin = TestClient(try #require(server.adminURL))
        func streams() async throws -> String? {
            let lines = try await admin.get("/metrics").text.split(separator: "\n")
            return lines.first { $0.hasPrefix("bkend_streams ") }.map(String.init)
        }
        let stays = try await EventConnection.open(server.guest, ["name": "n", "table": "notes"])
        _ = try await stays.next()
        do {
            let goes = try await EventConnection.open(server.guest, ["name": "n", "table": "notes"])
            _ = try await goes.next()
            #expect(try await streams() == "bkend_streams 2")
        }
        while try await streams() != "bkend_streams 1" {}
        try await server.stop()
        #expect(try await stays.next() == nil)
    }
}
