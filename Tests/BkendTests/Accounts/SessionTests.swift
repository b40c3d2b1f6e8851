import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import Bkend

/// A server that knows one user: access tokens `aN`, refresh tokens `rN`, of which the newest pair is good.
private final class TokenServer: Sendable {
    let generation = Mutex(1)
    /// The oldest access token that is still good.
    private let oldest = Mutex(1)
    let refreshes = Mutex<[String]>([])
    let refreshAnswer: @Sendable (Int) throws(TransportError) -> ScriptedTransport.Answer

    init(
        refresh: @escaping @Sendable (Int) throws(TransportError) -> ScriptedTransport.Answer = { generation in
            .json(#"{"accessToken":"a\#(generation)","refreshToken":"r\#(generation)","expiresIn":3600}"#)
        }
    ) { refreshAnswer = refresh }

    /// The access tokens so far expire.
    func expire() {
        generation.withLock { $0 += 1 }
        oldest.withLock { $0 = generation.withLock { $0 } }
    }

    /// The next refresh gives a new pair; the access token before it is still good.
    func expireSoon() { generation.withLock { $0 += 1 } }

    var transport: ScriptedTransport {
        ScriptedTransport { [self] sent throws(TransportError) in
            // Lets calls that were sent together be under way together.
            await Task.yield()
            switch sent.path {
            case "/v1/auth/email/signin": return .json(signInText)
            case "/v1/auth/refresh":
                refreshes.withLock { $0.append(sent.body) }
                return try refreshAnswer(generation.withLock { $0 })
            default:
                guard let token = sent.headers[.authorization] else { return .json(recordText("guest")) }
                let good = oldest.withLock { $0 }...generation.withLock { $0 }
                if good.contains(where: { token == "Bearer a\($0)" }) { return .json(recordText()) }
                return .json(
                    #"{"error":{"code":"auth/token-expired","message":"the access token has expired"}}"#, status: 401)
            }
        }
    }

    private var signInText: String {
        let user =
            #"{"id":"ada","email":"ada@example.com","role":"editor","createdAt":"2025-01-08T00:00:00.000Z","#
            + #""updatedAt":"2025-01-08T00:00:00.000Z","emailVerified":null}"#
        return #"{"accessToken":"a1","refreshToken":"r1","tokenType":"Bearer","expiresIn":3600,"user":\#(user)}"#
    }
}

private func client(
    _ transport: ScriptedTransport, _ store: any SessionStore = InMemorySessionStore(),
    options: ClientOptions = quietOptions(), now: @escaping @Sendable () -> Date = { Date() }
) throws -> BkendClient {
    try BkendClient(
        url: "http://localhost:8420", key: testKey, options: options, sessions: store, transport: transport,
        pacing: Pacing(now: now))
}

@Suite("Sessions of the client")
struct SessionTests {
    @Test("Calls carry the token of the user who is signed in, and the key")
    func signIn() async throws {
        let transport = TokenServer().transport
        let client = try client(transport)
        var changes = client.accounts.changes.makeAsyncIterator()
        #expect(try await client.table("notes").get("x").id == "guest")
        let account = try await client.accounts.signIn(email: "ada@example.com", password: "pw")
        #expect(account.id == "ada")
        #expect(account.role == "editor")
        #expect(try await client.accounts.currentUserID() == "ada")
        _ = try await client.table("notes").get("x")
        let sent = transport.sent
        #expect(sent.map { $0.headers[.authorization] } == [nil, nil, "Bearer a1"])
        #expect(sent.allSatisfy { $0.headers[HTTPField.Name("X-API-Key")!] == testKey })  // a valid name
        #expect(await changes.next() == .signedIn(userID: "ada"))
        await client.shutdown()
        #expect(await changes.next() == nil)
    }

    @Test("Of many calls with an expired token one refreshes, and all are sent again")
    func oneRefresh() async throws {
        let server = TokenServer()
        let transport = server.transport
        let client = try client(transport)
        try await client.accounts.signIn(email: "ada@example.com", password: "pw")
        server.expire()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<30 {
                group.addTask {
                    if number % 2 == 0 {
                        _ = try await client.table("notes").get("x")
                    } else {
                        _ = try await client.table("notes").create(["title": "Dune"])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(server.refreshes.withLock { $0 } == [#"{"refreshToken":"r1"}"#])
        let refresh = try #require(transport.sent.first { $0.path == "/v1/auth/refresh" })
        #expect(refresh.replay == .never)
        #expect(refresh.headers[.authorization] == nil)
    }

    @Test("A client whose store another has refreshed takes over what is there")
    func twoClients() async throws {
        let server = TokenServer()
        try await withFolder { folder in
            let path = folder + "/session"
            let first = try client(server.transport, try FileSessionStore(path: path))
            try await first.accounts.signIn(email: "ada@example.com", password: "pw")
            let others = try (0..<8).map { _ in try client(server.transport, try FileSessionStore(path: path)) }
            server.expire()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in others { group.addTask { _ = try await client.table("notes").get("x") } }
                try await group.waitForAll()
            }
            #expect(server.refreshes.withLock(\.count) == 1)
        }
    }

    @Test("When the answer to a refresh is lost the session ends; the token is never sent again")
    func lostAnswer() async throws {
        let server = TokenServer { _ throws(TransportError) in
            throw TransportError(kind: .connectionLost, delivery: .mayHaveReachedServer, reason: "gone")
        }
        let transport = server.transport
        let store = InMemorySessionStore()
        let client = try client(transport, store)
        var changes = client.accounts.changes.makeAsyncIterator()
        try await client.accounts.signIn(email: "ada@example.com", password: "pw")
        server.expire()
        for _ in 0..<3 {
            let error = await failure { () async throws(BkendError) in
                try await client.table("notes").create(["title": "Dune"])
            }
            guard case .sessionEnded = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.mayHaveBeenApplied == false)
            #expect(error?.operation?.table == "notes")
        }
        #expect(server.refreshes.withLock(\.count) == 1)
        #expect(transport.lines.filter { $0 == "POST /v1/data/notes" }.count == 1)
        #expect(await store.load()?.status == .ended)
        #expect(await changes.next() == .signedIn(userID: "ada"))
        #expect(await changes.next() == .ended(userID: "ada"))
        try await client.accounts.signOut()
        #expect(try await client.table("notes").get("x").id == "guest")
    }

    @Test("A process that died while it refreshed has lost the answer too")
    func diedMeanwhile() async throws {
        let server = TokenServer()
        let store = InMemorySessionStore()
        let session = Session(
            server: "http://localhost:8420/v1", userID: "ada", accessToken: "a0", refreshToken: "r0",
            status: .refreshing)
        await store.save(session)
        let client = try client(server.transport, store)
        let error = await failure { () async throws(BkendError) in try await client.table("notes").get("x") }
        guard case .sessionEnded = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.refreshes.withLock(\.count) == 0)
    }

    @Test("A refresh that never left, or was told to wait, leaves the session as it was")
    func unspent() async throws {
        let isDown = Mutex(true)
        let server = TokenServer { generation throws(TransportError) in
            if isDown.withLock({ $0 }) {
                throw TransportError(kind: .cannotConnect, delivery: .notSent, reason: "no network")
            }
            return .json(#"{"accessToken":"a\#(generation)","refreshToken":"r\#(generation)"}"#)
        }
        var options = quietOptions()
        options.retry = .never
        let client = try client(server.transport, options: options)
        try await client.accounts.signIn(email: "ada@example.com", password: "pw")
        server.expire()
        let error = await failure { () async throws(BkendError) in
            try await client.table("notes").create(["title": "Dune"])
        }
        guard case .transport = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.mayHaveBeenApplied == false)
        isDown.withLock { $0 = false }
        _ = try await client.table("notes").get("x")
        #expect(server.refreshes.withLock(\.count) == 2)
    }

    @Test("Half of an access token's life on, the session is renewed beside the calls, once")
    func renewedAhead() async throws {
        let server = TokenServer()
        let transport = server.transport
        let time = Mutex(Date(timeIntervalSince1970: 1_750_000_000))
        let client = try client(transport, now: { time.withLock { $0 } })
        var changes = client.accounts.changes.makeAsyncIterator()
        try await client.accounts.signIn(email: "ada@example.com", password: "pw")
        _ = try await client.table("notes").get("x")
        #expect(server.refreshes.withLock(\.count) == 0)
        time.withLock { $0 += 1_800 }
        server.expireSoon()
        for _ in 0..<5 { _ = try await client.table("notes").get("x") }
        #expect(await changes.next() == .signedIn(userID: "ada"))
        #expect(await changes.next() == .refreshed(userID: "ada"))
        _ = try await client.table("notes").get("x")
        #expect(server.refreshes.withLock { $0 } == [#"{"refreshToken":"r1"}"#])
        #expect(transport.sent.last?.headers[.authorization] == "Bearer a2")
        await client.shutdown()
    }

    @Test("When the answer to an early refresh is lost, calls go on until the access token is refused")
    func lostAhead() async throws {
        let server = TokenServer { _ throws(TransportError) in
            throw TransportError(kind: .connectionLost, delivery: .mayHaveReachedServer, reason: "gone")
        }
        let time = Mutex(Date(timeIntervalSince1970: 1_750_000_000))
        let store = InMemorySessionStore()
        let client = try client(server.transport, store, now: { time.withLock { $0 } })
        try await client.accounts.signIn(email: "ada@example.com", password: "pw")
        time.withLock { $0 += 1_800 }
        server.expireSoon()
        _ = try await client.table("notes").get("x")
        await client.runner.sessions.settled()
        #expect(await store.load()?.status == .unrenewable)
        _ = try await client.table("notes").get("x")
        server.expire()
        let error = await failure { () async throws(BkendError) in try await client.table("notes").get("x") }
        guard case .sessionEnded = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.refreshes.withLock(\.count) == 1)
    }

    @Test("A caller who gives up doesn't cut off the refresh that others wait for")
    func cancellation() async throws {
        let (reached, signal) = AsyncStream<Void>.makeStream()
        let (open, gate) = AsyncStream<Void>.makeStream()
        let refreshes = Mutex(0)
        let transport = ScriptedTransport { sent throws(TransportError) in
            if sent.path == "/v1/auth/refresh" {
                refreshes.withLock { $0 += 1 }
                signal.yield()
                for await _ in open { break }
                return .json(#"{"accessToken":"a2","refreshToken":"r2"}"#)
            }
            if sent.headers[.authorization] == "Bearer a2" { return .json(recordText()) }
            return .json(#"{"error":{"code":"auth/token-expired","message":"no"}}"#, status: 401)
        }
        let store = InMemorySessionStore()
        await store.save(
            Session(server: "http://localhost:8420/v1", userID: "ada", accessToken: "a1", refreshToken: "r1"))
        let client = try client(transport, store)
        let call = Task { await failure { () async throws(BkendError) in try await client.table("notes").get("x") } }
        for await _ in reached { break }
        call.cancel()
        #expect(await call.value?.isCancelled == true)
        gate.yield()
        _ = try await client.table("notes").get("x")
        #expect(refreshes.withLock { $0 } == 1)
        #expect(await store.load()?.accessToken == "a2")
    }

    @Test("A session is sent to no other server than its own")
    func otherServer() async throws {
        let store = InMemorySessionStore()
        await store.save(Session(server: "https://other/v1", userID: "ada", accessToken: "a1", refreshToken: "r1"))
        let transport = TokenServer().transport
        let client = try client(transport, store)
        let error = await failure { () async throws(BkendError) in try await client.table("notes").get("x") }
        guard case .sessionStore = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(transport.sent.isEmpty)
    }

    @Test("An app that sends its own Authorization keeps its own tokens")
    func ownAuthorization() async throws {
        let server = TokenServer()
        let transport = server.transport
        let client = try client(transport)
        try await client.accounts.signIn(email: "ada@example.com", password: "pw")
        server.expire()
        let error = await failure { () async throws(BkendError) in
            try await client.table("notes").get("x", options: CallOptions(headers: ["authorization": "Bearer mine"]))
        }
        #expect(error?.code == .tokenExpired)
        #expect(transport.sent.last?.headers[.authorization] == "Bearer mine")
        #expect(server.refreshes.withLock(\.count) == 0)
    }
}
