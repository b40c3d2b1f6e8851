import BkendAccounts
import BkendWire
import GRDB
import Testing

/// What a spent refresh token is still good for, rule by rule; docs/server.md has the reasons.
@Suite("The grace of a refresh") struct RefreshGraceTests {
    @Test("The repetition gets what the lost answer held, and the session goes on by it")
    func repetition() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        let lost = try await fixture.refresh(first.refresh)
        fixture.clock.advance(seconds: 4)
        let repeated = try await fixture.refresh(first.refresh)
        #expect(repeated == lost)
        #expect(try await fixture.accounts.authenticate(repeated.access).role == "user")
        _ = try await fixture.refresh(repeated.refresh)
        #expect(try await liveSessions(fixture) == 1)
    }

    @Test("However often it is asked, a session has one living refresh token")
    func oneSuccessor() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        let next = try await fixture.refresh(first.refresh)
        let repeated = try await withThrowingTaskGroup(of: Pair.self) { group in
            for _ in 0..<8 { group.addTask { try await fixture.refresh(first.refresh) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(repeated.allSatisfy { $0 == next })
        #expect(try await generations(fixture) == [1])
        // Two hold the pair; the second to use it later than the grace is a thief, or the owner after one.
        _ = try await fixture.refresh(next.refresh)
        fixture.clock.advance(seconds: 11)
        #expect(await code { try await fixture.refresh(next.refresh) } == "auth/invalid-refresh-token")
        #expect(try await liveSessions(fixture) == 0)
    }

    @Test("Once the successor was used, the old token is a theft, however early it comes")
    func successorUsed() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        let laptop = try await fixture.signIn()
        let next = try await fixture.refresh(first.refresh)
        let third = try await fixture.refresh(next.refresh)
        #expect(await code { try await fixture.refresh(first.refresh) } == "auth/invalid-refresh-token")
        #expect(try await liveSessions(fixture) == 0)
        for token in [next.refresh, third.refresh, laptop.refresh] {
            #expect(await code { try await fixture.refresh(token) } == "auth/session-expired")
        }
    }

    @Test("After its time the old token is a theft, though nobody used the successor", arguments: [10.0, 60, 86_400])
    func late(seconds: Double) async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        try await fixture.signIn()
        _ = try await fixture.refresh(first.refresh)
        fixture.clock.advance(seconds: 9)
        _ = try await fixture.refresh(first.refresh)
        // The repetition doesn't lengthen the time: it counts from the use.
        fixture.clock.advance(seconds: seconds - 9)
        #expect(await code { try await fixture.refresh(first.refresh) } == "auth/invalid-refresh-token")
        #expect(try await liveSessions(fixture) == 0)
    }

    @Test("A session that ended meanwhile isn't given back by a repetition, and no other ends by it")
    func endedMeanwhile() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        try await fixture.signIn()
        let next = try await fixture.refresh(first.refresh)
        _ = try await fixture.accounts.signOut(fixture.caller(next))
        #expect(await code { try await fixture.refresh(first.refresh) } == "auth/session-expired")
        #expect(try await liveSessions(fixture) == 1)
    }

    @Test("The time counts from the transaction that spent the token, and up to the request that brings it again")
    func waitingForTheWriter() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        // Each refresh waits for its turn longer than the grace.
        fixture.database.onWrite.withLock { $0 = { fixture.clock.advance(seconds: 20) } }
        let next = try await fixture.refresh(first.refresh)
        let repeated = try await fixture.refresh(first.refresh)
        #expect(repeated == next)
        #expect(try await liveSessions(fixture) == 1)
        let claims = try await fixture.accounts.claims(of: next.access)
        #expect(claims.exp - claims.iat == 3_600)
        #expect(claims.iat == fixture.clock.now.milliseconds / 1_000 - 20)
    }

    @Test("Repetitions count as refreshes do: past the limit they are told to wait, and nothing ends")
    func limit() async throws {
        let fixture = try AccountsFixture { $0.limits.refreshPerClient = RateLimit(2, perSeconds: 60) }
        let first = try await fixture.signUp()
        let next = try await fixture.refresh(first.refresh)
        #expect(try await fixture.refresh(first.refresh) == next)
        #expect(await code { try await fixture.refresh(first.refresh) } == "auth/too-many-requests")
        #expect(try await liveSessions(fixture) == 1)
    }

    private func liveSessions(_ fixture: AccountsFixture) async throws -> Int? {
        try await fixture.database.pool.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM account_sessions WHERE endedAt IS NULL")
        }
    }

    private func generations(_ fixture: AccountsFixture) async throws -> [Int] {
        try await fixture.database.pool.read { db in
            try Int.fetchAll(db, sql: "SELECT generation FROM account_sessions")
        }
    }
}
