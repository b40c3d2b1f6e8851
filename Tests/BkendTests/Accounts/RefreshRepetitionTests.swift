import BkendSync
import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import Bkend

/// A refresh whose answer was lost is sent once more where the server allows it, and nowhere else (`refresh-grace`).
@Suite("A refresh that is repeated", .timeLimit(.minutes(10))) struct RefreshRepetitionTests {
    // MARK: The decision

    @Test(
        "The header names whole seconds, exactly once; anything else is no sign",
        arguments: [
            ("refresh-grace=10", 10), ("refresh-grace=1, changes", 1),
            ("changes,\trefresh-grace=10 ; incarnation=a", 10),
            ("changes, stream; refresh-grace=7", 7), ("refresh-grace=90", 60), ("refresh-grace=0", nil), ("", nil),
            ("refresh-grace", nil), ("refresh-grace=", nil), ("refresh-grace=-1", nil), ("refresh-grace=1.5", nil),
            ("refresh-grace=٣", nil), ("refresh-grace=10, refresh-grace=10", nil), ("no-refresh-grace=10", nil),
            ("refresh-grace = 10", nil), ("refresh-grace=99999999999999999999", nil),
        ] as [(String, Int?)])
    func header(value: String, expected: Int?) {
        #expect(ServerExtensions.refreshGrace(in: value) == expected.map { .seconds($0) })
    }

    @Test("It goes out within half of the grace, after a pause that fits in")
    func decision() {
        let broken = BkendError(
            .transport(TransportError(kind: .connectionLost, delivery: .mayHaveReachedServer, reason: "gone")))
        var busy = BkendError(.foreignAnswer(status: 503, contentType: "text/html", detail: ""))
        func pause(_ grace: Int?, _ elapsed: Duration, _ loss: BkendError?) -> Duration? {
            RefreshRepetition(grace: grace.map { .seconds($0) }, elapsed: elapsed, after: loss)?.pause
        }
        #expect(pause(10, .zero, broken) == .milliseconds(250))
        #expect(pause(10, .milliseconds(4_749), broken) == .milliseconds(250))
        #expect(pause(10, .milliseconds(4_750), broken) == nil)
        #expect(pause(10, .seconds(5), broken) == nil)
        #expect(pause(10, .seconds(5), busy) == nil)
        #expect(pause(nil, .zero, broken) == nil)
        #expect(pause(10, .seconds(1), busy) == .seconds(2))
        #expect(pause(10, .seconds(1), nil) == .seconds(2))
        busy.retryAfter = .seconds(3)
        #expect(pause(10, .seconds(1), busy) == .seconds(3))
        busy.retryAfter = .seconds(4)
        #expect(pause(10, .seconds(1), busy) == nil)
    }

    // MARK: What is sent

    /// What comes in the place of the first answer.
    enum Loss: CaseIterable, Sendable {
        case connectionLost, badGateway, unavailable, gatewayTimeout, signInPage, cutBody, serverError, noTokens

        func answer() throws(TransportError) -> ScriptedTransport.Answer {
            let page = ["Content-Type": "text/html"]
            switch self {
            case .connectionLost:
                throw TransportError(kind: .connectionLost, delivery: .mayHaveReachedServer, reason: "gone")
            case .badGateway: return .init(status: 502, headers: page, body: "<h1>502</h1>")
            case .unavailable: return .init(status: 503, headers: page, body: "<h1>503</h1>")
            case .gatewayTimeout: return .init(status: 504, headers: page, body: "")
            case .signInPage: return .init(status: 200, headers: page, body: "<html>")
            case .cutBody: return signed(#"{"accessToken":"a2","refr"#)
            case .serverError: return .json(#"{"error":{"code":"common/internal-error","message":"no"}}"#, status: 500)
            case .noTokens: return signed("{}")
            }
        }
    }

    @Test(
        "Whatever came in the place of the answer, the token goes out once more and the session goes on",
        arguments: Loss.allCases)
    func repeated(loss: Loss) async throws {
        let world = World { number, _ throws(TransportError) in
            try number == 1 ? loss.answer() : signed(pair)
        }
        let client = try await world.signedIn()
        _ = try await client.table("notes").create(["title": "Dune"])
        #expect(world.refreshes == [#"{"refreshToken":"r1"}"#, #"{"refreshToken":"r1"}"#])
        let session = try #require(await world.store.load())
        #expect(session.status == .active && session.accessToken == "a2" && session.refreshToken == "r2")
        let sent = world.transport.sent.filter { $0.path == "/v1/auth/refresh" }
        #expect(sent.allSatisfy { $0.replay == .never })
        // A connection that takes its time must not make the repetition late.
        #expect(sent[0].timeouts.connect == .seconds(10) && sent[1].timeouts.connect < .seconds(5))
    }

    @Test("An early refresh is repeated as well, beside the calls that go on")
    func early() async throws {
        let world = World { number, _ throws(TransportError) in
            try number == 1 ? Loss.connectionLost.answer() : signed(pair)
        }
        let client = try await world.signedIn(isExpired: false)
        world.date.withLock { $0 += 1_800 }
        _ = try await client.table("notes").get("x")
        await client.runner.sessions.settled()
        #expect(world.refreshes.count == 2)
        #expect(await world.store.load()?.accessToken == "a2")
    }

    @Test(
        "Without the sign in the last success nothing is sent again",
        arguments: [nil, "changes", "refresh-grace=0"] as [String?])
    func unsigned(value: String?) async throws {
        let world = World(extensions: value) { _, _ throws(TransportError) in try Loss.connectionLost.answer() }
        let client = try await world.signedIn()
        try await expectEnd(client)
        #expect(world.refreshes.count == 1)
    }

    @Test("A later success without the sign takes it back: that server may be one that knows no grace")
    func takenBack() async throws {
        let world = World { _, _ throws(TransportError) in try Loss.connectionLost.answer() }
        let client = try await world.signedIn(isExpired: false)
        _ = try await client.table("notes").get("x")
        world.extensions.withLock { $0 = nil }
        _ = try await client.table("notes").get("x")
        world.isExpired.withLock { $0 = true }
        try await expectEnd(client)
        #expect(world.refreshes.count == 1)
    }

    @Test("A success without the sign during the pause takes it back, too")
    func takenBackMeanwhile() async throws {
        let world = World { _, _ throws(TransportError) in try Loss.unavailable.answer() }
        let client = try await world.signedIn()
        let other = client.table("notes")
        world.clock.whileSleeping.withLock { hook in
            hook = {
                world.extensions.withLock { $0 = nil }
                world.isExpired.withLock { $0 = false }
                _ = try? await other.get("x")
                world.isExpired.withLock { $0 = true }
            }
        }
        try await expectEnd(client)
        #expect(world.refreshes.count == 1)
    }

    @Test(
        "Late is never: half of the grace counts from the first sending",
        arguments: [(4_700, 2), (4_750, 1), (60_000, 1)])
    func late(milliseconds: Int, sendings: Int) async throws {
        let world = World { number, clock throws(TransportError) in
            if number > 1 { return signed(pair) }
            clock.advance(by: .milliseconds(milliseconds))
            return try Loss.connectionLost.answer()
        }
        let client = try await world.signedIn()
        if sendings == 1 { try await expectEnd(client) } else { _ = try await client.table("notes").get("x") }
        #expect(world.refreshes.count == sendings)
    }

    @Test("Twice is never: a second loss ends the session, and no later call sends the token")
    func twice() async throws {
        let world = World { _, _ throws(TransportError) in try Loss.connectionLost.answer() }
        let client = try await world.signedIn()
        for _ in 0..<3 { try await expectEnd(client) }
        #expect(world.refreshes.count == 2)
    }

    @Test("A repetition that is told to wait, or refused, ends the session: the first may have spent the token")
    func refusedRepetition() async throws {
        for (code, status) in [("auth/too-many-requests", 429), ("auth/invalid-refresh-token", 401)] {
            let world = World { number, _ throws(TransportError) in
                if number == 1 { return try Loss.connectionLost.answer() }
                return .json(#"{"error":{"code":"\#(code)","message":"no"}}"#, status: status)
            }
            let client = try await world.signedIn()
            try await expectEnd(client)
            #expect(world.refreshes.count == 2, "\(code)")
        }
    }

    @Test("A process that finds another's mark sends nothing, though its server announces a grace")
    func restart() async throws {
        let world = World { _, _ throws(TransportError) in signed(pair) }
        let client = try await world.signedIn(isExpired: false)
        _ = try await client.table("notes").get("x")
        let session = try #require(await world.store.load())
        await world.store.save(session.with(.refreshing))
        world.isExpired.withLock { $0 = true }
        try await expectEnd(client)
        #expect(world.refreshes.isEmpty)
    }

    @Test("Where nothing listens for a while, the repetition is tried until its time is over")
    func unreachable() async throws {
        for (attempts, sendings) in [(4, 5), (1_000, 20)] {
            let world = World { number, _ throws(TransportError) in
                if number == 1 { return try Loss.connectionLost.answer() }
                if number > attempts { return signed(pair) }
                throw TransportError(kind: .cannotConnect, delivery: .notSent, reason: "nobody listens")
            }
            let client = try await world.signedIn()
            if attempts == 4 { _ = try await client.table("notes").get("x") } else { try await expectEnd(client) }
            // 250 ms between two, within 5 s.
            #expect(world.refreshes.count == sendings)
        }
    }

    @Test("A proxy's plea for patience is obeyed, or nothing is sent", arguments: [("3", 2), ("5", 1), ("3600", 1)])
    func patience(retryAfter: String, sendings: Int) async throws {
        let world = World { number, _ throws(TransportError) in
            if number > 1 { return signed(pair) }
            return .init(status: 503, headers: ["Content-Type": "text/html", "Retry-After": retryAfter], body: "busy")
        }
        let client = try await world.signedIn()
        let start = world.clock.now
        if sendings == 1 { try await expectEnd(client) } else { _ = try await client.table("notes").get("x") }
        #expect(world.refreshes.count == sendings)
        if sendings == 2 { #expect(start.duration(to: world.clock.now) >= .seconds(3)) }
    }

    @Test("What a bkend server refused for the moment costs nothing: full disk, too much to do")
    func nothingWasDone() async throws {
        for (code, status) in [
            ("common/service-unavailable", 503), ("common/insufficient-storage", 507), ("auth/too-many-requests", 429),
        ] {
            let isBusy = Mutex(true)
            let world = World(extensions: nil) { _, _ throws(TransportError) in
                if !isBusy.withLock({ $0 }) { return signed(pair) }
                return .json(#"{"error":{"code":"\#(code)","message":"later"}}"#, status: status)
            }
            let client = try await world.signedIn()
            let error = await failure { () async throws(BkendError) in try await client.table("notes").get("x") }
            #expect(error?.code?.rawValue == code)
            #expect(await world.store.load()?.status == .active)
            isBusy.withLock { $0 = false }
            _ = try await client.table("notes").get("x")
        }
    }

    @Test("Clients that share a session's file send a token twice in all")
    func shared() async throws {
        try await withFolder { folder in
            let path = folder + "/session"
            let world = World { number, _ throws(TransportError) in
                try number == 1 ? Loss.connectionLost.answer() : signed(pair)
            }
            let first = try await world.signedIn(isExpired: false, in: try FileSessionStore(path: path))
            let others = try (0..<6).map { _ in try world.client(in: try FileSessionStore(path: path)) }
            for client in [first] + others { _ = try await client.table("notes").get("x") }
            world.isExpired.withLock { $0 = true }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in [first] + others { group.addTask { _ = try await client.table("notes").get("x") } }
                try await group.waitForAll()
            }
            #expect(world.refreshes.count == 2)
        }
    }

    @Test("The sync engine's requests bring the sign as well, and its refresh is repeated")
    func engine() async throws {
        let world = World { number, _ throws(TransportError) in
            try number == 1 ? Loss.unavailable.answer() : signed(pair)
        }
        let client = try await world.signedIn(isExpired: false)
        let sender = ClientSender(client.runner)
        let request = SyncRequest(.record(table: "notes", id: "x"), body: nil, user: "ada", deadline: .seconds(30))
        _ = await sender.send(request)
        world.isExpired.withLock { $0 = true }
        guard case .answered(let answer) = await sender.send(request), answer.status == 401 else {
            Issue.record("the token was not refused")
            return
        }
        #expect(await sender.refresh() == .renewed)
        #expect(world.refreshes.count == 2)
    }

    private func expectEnd(_ client: BkendClient) async throws {
        let error = await failure { () async throws(BkendError) in try await client.table("notes").get("x") }
        guard case .sessionEnded = error?.reason else {
            Issue.record("not ended: \(String(describing: error))")
            return
        }
    }
}

private let pair = #"{"accessToken":"a2","refreshToken":"r2","expiresIn":3600}"#

/// A success of a server that grants ten seconds.
private func signed(_ body: String) -> ScriptedTransport.Answer {
    .init(headers: ["Content-Type": "application/json", "X-Bkend-Extensions": "refresh-grace=10"], body: body)
}

/// A client's surroundings: a server that takes `a2`, and `a1` until it expires, and a clock that skips its waits.
private final class World: Sendable {
    let clock = SkippingClock()
    let date = Mutex(Date(timeIntervalSince1970: 1_750_000_000))
    let store = InMemorySessionStore()
    let isExpired = Mutex(false)
    /// What each success of the server carries.
    let extensions: Mutex<String?>
    private let refreshed = Mutex<[String]>([])
    private let refresh: @Sendable (Int, SkippingClock) throws(TransportError) -> ScriptedTransport.Answer
    let transport: ScriptedTransport

    /// - Parameter refresh: the answer to the nth refresh, from 1.
    init(
        extensions: String? = "refresh-grace=10",
        refresh: @escaping @Sendable (Int, SkippingClock) throws(TransportError) -> ScriptedTransport.Answer
    ) {
        self.extensions = Mutex(extensions)
        self.refresh = refresh
        let box = Box()
        transport = ScriptedTransport { sent throws(TransportError) in
            guard let world = box.world else {
                throw TransportError(kind: .shutDown, delivery: .notSent, reason: "no server")
            }
            return try world.answer(sent)
        }
        box.found.withLock { $0 = self }
    }

    /// The bodies of the refreshes so far.
    var refreshes: [String] { refreshed.withLock { $0 } }

    func client(in store: any SessionStore) throws -> BkendClient {
        var options = quietOptions()
        // On a clock that skips its waits every deadline is over at once.
        options.deadline = nil
        return try BkendClient(
            url: "http://localhost:8420", key: testKey, options: options, sessions: store, transport: transport,
            pacing: Pacing(clock: clock, now: { [self] in date.withLock { $0 } }))
    }

    /// A client that knows what the server announces.
    func signedIn(isExpired: Bool = true, in other: (any SessionStore)? = nil) async throws -> BkendClient {
        let store: any SessionStore = other ?? self.store
        try await store.save(
            Session(
                server: "http://localhost:8420/v1", userID: "ada", accessToken: "a1", refreshToken: "r1",
                obtainedAt: date.withLock { $0 }, expiresIn: 3_600))
        let client = try client(in: store)
        _ = try await client.table("notes").get("x")
        self.isExpired.withLock { $0 = isExpired }
        return client
    }

    private func answer(_ sent: ScriptedTransport.Sent) throws(TransportError) -> ScriptedTransport.Answer {
        if sent.path == "/v1/auth/refresh" {
            let number = refreshed.withLock { refreshed in
                refreshed.append(sent.body)
                return refreshed.count
            }
            return try refresh(number, clock)
        }
        let isGood = sent.headers[.authorization] == "Bearer a2" || !isExpired.withLock { $0 }
        guard isGood else {
            return .json(
                #"{"error":{"code":"auth/token-expired","message":"the access token has expired"}}"#, status: 401)
        }
        var answer = ScriptedTransport.Answer.json(recordText())
        answer.headers["X-Bkend-Extensions"] = extensions.withLock { $0 }
        return answer
    }

    private final class Box: Sendable {
        let found = Mutex<World?>(nil)
        var world: World? { found.withLock { $0 } }
    }
}
