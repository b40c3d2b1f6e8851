import BkendSync
import BkendWire
import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import Bkend

@Suite("The engine's requests over a client") struct ClientSenderTests {
    @Test("Each operation is one request with the exact bytes of its body, the key and the user's token")
    func requests() async throws {
        let transport = ScriptedTransport(.json(recordText()))
        let sender = try await sender(transport, user: "ada")
        let body = Array(#"{"b": 1,  "a":1.50}"#.utf8)
        for operation in Self.operations {
            let isWrite = operation.isWrite && operation.name != "delete"
            _ = await sender.send(request(operation, body: isWrite ? body : nil))
        }
        #expect(
            transport.lines == [
                "GET /v1/data/books?limit=1&sortBy=id", "GET /v1/data/books/b1", "POST /v1/data/books",
                "PATCH /v1/data/books/b1", "DELETE /v1/data/books/b1", "GET /v1/data/books/spec", "GET /v1/auth/me",
            ])
        for sent in transport.sent {
            #expect(sent.headers[.authorization] == "Bearer a1")
            #expect(sent.headers[try #require(HTTPField.Name("X-API-Key"))] == testKey)
            #expect(sent.timeouts.total == .seconds(30))
            #expect(sent.replay == (sent.method == "GET" ? .idempotent : .never))
            let hasBody = sent.method == "POST" || sent.method == "PATCH"
            #expect(sent.body == (hasBody ? #"{"b": 1,  "a":1.50}"# : ""))
            #expect(sent.headers[.contentType] == (hasBody ? "application/json" : nil))
        }
    }

    @Test("An answer is handed on as it came: status, body, whether it is JSON, its date and its plea for patience")
    func answers() async throws {
        let date = "Wed, 08 Jan 2025 09:30:00 GMT"
        let transport = ScriptedTransport(
            .init(status: 201, headers: ["Content-Type": "application/json", "Date": date], body: "{}"),
            .init(status: 200, headers: ["Content-Type": "text/html; charset=utf-8"], body: "<html>"),
            .init(status: 200, headers: [:], body: "{}"),
            .init(
                status: 503, headers: ["Content-Type": "Application/Problem+JSON; charset=utf-8", "Retry-After": "7"],
                body: "[]"),
            .init(
                status: 429,
                headers: ["Content-Type": "text/plain", "Date": date, "Retry-After": "Wed, 08 Jan 2025 09:31:30 GMT"],
                body: ""))
        let sender = try await sender(transport, user: nil)
        let moment = Timestamp("2025-01-08T09:30:00.000Z")
        let expected = [
            SyncAnswer(status: 201, date: moment, body: Array("{}".utf8)),
            SyncAnswer(status: 200, isJSON: false, body: Array("<html>".utf8)),
            SyncAnswer(status: 200, isJSON: false, body: Array("{}".utf8)),
            SyncAnswer(status: 503, retryAfter: .seconds(7), body: Array("[]".utf8)),
            SyncAnswer(status: 429, isJSON: false, date: moment, retryAfter: .seconds(90)),
        ]
        for answer in expected {
            #expect(await sender.send(request(.create(table: "books"), user: "")) == .answered(answer))
        }
        #expect(transport.sent.count == expected.count)
    }

    @Test("A failure says whether the server may have acted, and is never followed by a second attempt")
    func failures() async throws {
        typealias Case = (TransportError.Kind, TransportError.Delivery, SyncResponse)
        let cases: [Case] = [
            (.cannotConnect, .notSent, .notSent(SyncFailure(.unreachable, "why"))),
            (.cannotResolveHost, .notSent, .notSent(SyncFailure(.unreachable, "why"))),
            (.tls, .notSent, .notSent(SyncFailure(.unreachable, "why"))),
            (.connectTimedOut, .notSent, .notSent(SyncFailure(.unreachable, "why"))),
            (.totalTimedOut, .mayHaveReachedServer, .lost(SyncFailure(.timedOut, "why"))),
            (.idleTimedOut, .answered, .lost(SyncFailure(.timedOut, "why"))),
            (.connectionLost, .mayHaveReachedServer, .lost(SyncFailure(.broken, "why"))),
            (.bodyTooLarge, .answered, .lost(SyncFailure(.broken, "why"))),
            (.cancelled, .notSent, .notSent(SyncFailure(.cancelled, "why"))),
            (.cancelled, .mayHaveReachedServer, .lost(SyncFailure(.cancelled, "why"))),
            (.shutDown, .notSent, .refused(.stopped)),
            (.shutDown, .mayHaveReachedServer, .lost(SyncFailure(.broken, "why"))),
        ]
        for (kind, delivery, expected) in cases {
            let transport = ScriptedTransport { _ throws(TransportError) in
                throw TransportError(kind: kind, delivery: delivery, url: "http://h/v1/data/books/b1", reason: "why")
            }
            let sender = try await sender(transport, user: nil)
            let response = await sender.send(request(.record(table: "books", id: "b1"), user: ""))
            #expect(response == expected, "\(kind), \(delivery)")
            #expect(transport.sent.count == 1)
        }
    }

    @Test("Nothing leaves as anybody but the request's user")
    func otherUsers() async throws {
        let transport = ScriptedTransport { sent throws(TransportError) in
            Issue.record("sent \(sent.line)")
            throw TransportError(kind: .shutDown, delivery: .notSent, reason: "no network here")
        }
        func answer(as user: String, to session: String?, _ status: Session.Status = .active) async throws
            -> SyncResponse
        {
            try await sender(transport, user: session, status).send(request(.me, user: user))
        }
        #expect(try await answer(as: "ada", to: "eve") == .refused(.otherUser("eve")))
        #expect(try await answer(as: "", to: "eve") == .refused(.otherUser("eve")))
        #expect(try await answer(as: "ada", to: nil) == .refused(.signedOut))
        #expect(try await answer(as: "ada", to: "ada", .ended) == .refused(.signedOut))
        // Canonically the same text, another user.
        #expect(try await answer(as: "e\u{301}", to: "\u{E9}") == .refused(.otherUser("\u{E9}")))
        var options = quietOptions()
        options.headers = ["authorization": "Bearer of the app"]
        let own = try await sender(transport, user: nil, options: options)
        #expect(await own.send(request(.me, user: "")) == .refused(.signedOut))
    }

    @Test("A client that was shut down sends nothing")
    func shutDown() async throws {
        let client = try testClient(ScriptedTransport(.json("{}")))
        let sender = ClientSender(client.runner)
        await client.shutdown()
        #expect(await sender.send(request(.me, user: "")) == .refused(.stopped))
    }

    @Test("A refused token is refreshed once, and the next request carries the new one")
    func refreshing() async throws {
        let transport = ScriptedTransport { sent throws(TransportError) in
            if sent.path == "/v1/auth/refresh" { return .json(#"{"accessToken":"a2","refreshToken":"r2"}"#) }
            return sent.headers[.authorization] == "Bearer a2" ? .json(recordText()) : Self.expired
        }
        let sender = try await sender(transport, user: "ada")
        #expect(await sender.refresh() == .stillUsable)
        #expect(await status(of: sender) == 401)
        #expect(await sender.refresh() == .renewed)
        #expect(await status(of: sender) == 200)
        #expect(transport.sent.map(\.path).filter { $0 == "/v1/auth/refresh" }.count == 1)
    }

    @Test("A refresh whose answer is lost ends the session, and its token is never sent again")
    func lostRefresh() async throws {
        let transport = ScriptedTransport { sent throws(TransportError) in
            if sent.path != "/v1/auth/refresh" { return Self.expired }
            throw TransportError(kind: .connectionLost, delivery: .mayHaveReachedServer, reason: "gone")
        }
        let sender = try await sender(transport, user: "ada")
        #expect(await status(of: sender) == 401)
        #expect(await sender.refresh() == .signedOut)
        #expect(await sender.refresh() == .signedOut)
        #expect(await sender.send(request(.me)) == .refused(.signedOut))
        #expect(transport.sent.map(\.path) == ["/v1/auth/me", "/v1/auth/refresh"])
    }

    @Test("A refresh that never left is tried again later")
    func unsentRefresh() async throws {
        let isUp = Mutex(false)
        let transport = ScriptedTransport { sent throws(TransportError) in
            if sent.path != "/v1/auth/refresh" { return Self.expired }
            if isUp.withLock({ $0 }) { return .json(#"{"accessToken":"a2","refreshToken":"r2"}"#) }
            throw TransportError(kind: .cannotConnect, delivery: .notSent, reason: "no network")
        }
        let sender = try await sender(transport, user: "ada")
        #expect(await status(of: sender) == 401)
        #expect(await sender.refresh() == .unreachable)
        isUp.withLock { $0 = true }
        #expect(await sender.refresh() == .renewed)
    }

    // MARK: Setting up

    private static let operations: [SyncRequest.Operation] = [
        .list(table: "books", [QueryItem("limit", "1"), QueryItem("sortBy", "id")]), .record(table: "books", id: "b1"),
        .create(table: "books"), .update(table: "books", id: "b1"), .delete(table: "books", id: "b1"),
        .spec(table: "books"), .me,
    ]

    private static let expired = ScriptedTransport.Answer.json(
        #"{"error":{"code":"auth/token-expired","message":"the access token has expired"}}"#, status: 401)

    private func request(
        _ operation: SyncRequest.Operation, body: [UInt8]? = nil, user: String = "ada"
    ) -> SyncRequest {
        SyncRequest(operation, body: body, user: user, deadline: .seconds(30))
    }

    private func status(of sender: ClientSender) async -> Int? {
        guard case .answered(let answer) = await sender.send(request(.me)) else { return nil }
        return answer.status
    }

    private func sender(
        _ transport: ScriptedTransport, user: String?, _ status: Session.Status = .active,
        options: ClientOptions = quietOptions()
    ) async throws -> ClientSender {
        let sessions = InMemorySessionStore()
        if let user {
            await sessions.save(
                Session(
                    server: "http://localhost:8420/v1", userID: user, accessToken: "a1", refreshToken: "r1",
                    status: status))
        }
        let client = try BkendClient(
            url: "http://localhost:8420", key: testKey, options: options, sessions: sessions, transport: transport,
            pacing: Pacing(clock: SkippingClock()))
        return ClientSender(client.runner)
    }
}
