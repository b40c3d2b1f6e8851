import BkendAccounts
import BkendWire
import Foundation
import GRDB
import Testing

@Suite("Refreshing (rest-api.md §8)")
struct RefreshTests {
    /// A row: which token comes, when, and what becomes of it and of the user's other session.
    struct Row: Sendable, CustomTestStringConvertible {
        enum Token: Sendable { case current, predecessor, older, forged, ofEndedSession, olderOfEndedSession }
        let token: Token
        let after: Double
        var grace = 10
        let code: String?
        let othersLive: Bool

        var testDescription: String { "\(token) after \(after) s, grace \(grace) s: \(code ?? "a pair")" }
    }

    static let day = 86_400.0
    static let rows = [
        Row(token: .current, after: 0, code: nil, othersLive: true),
        Row(token: .current, after: 6.9 * day, code: nil, othersLive: true),
        Row(token: .current, after: 7 * day, code: "auth/session-expired", othersLive: true),
        Row(token: .current, after: 30 * day, code: "auth/session-expired", othersLive: true),
        Row(token: .predecessor, after: 0, code: nil, othersLive: true),
        Row(token: .predecessor, after: 9.999, code: nil, othersLive: true),
        Row(token: .predecessor, after: 10, code: "auth/invalid-refresh-token", othersLive: false),
        Row(token: .predecessor, after: 0, grace: 0, code: "auth/invalid-refresh-token", othersLive: false),
        Row(token: .predecessor, after: -86_400, code: nil, othersLive: true),
        Row(token: .predecessor, after: 8 * day, code: "auth/session-expired", othersLive: true),
        Row(token: .older, after: 0, code: "auth/invalid-refresh-token", othersLive: false),
        Row(token: .older, after: 60, code: "auth/invalid-refresh-token", othersLive: false),
        Row(token: .forged, after: 0, code: "auth/invalid-refresh-token", othersLive: true),
        Row(token: .ofEndedSession, after: 0, code: "auth/session-expired", othersLive: true),
        Row(token: .olderOfEndedSession, after: 60, code: "auth/session-expired", othersLive: true),
    ]

    @Test("A refresh token gets what the table says", arguments: rows)
    func table(row: Row) async throws {
        let fixture = try AccountsFixture { $0.lifetimes.grace = .seconds(row.grace) }
        let first = try await fixture.signUp()
        let other = try await fixture.signIn()
        let second = try await fixture.refresh(first.refresh)
        let third = try await fixture.refresh(second.refresh)
        let token: String
        switch row.token {
        case .current: token = third.refresh
        case .predecessor: token = second.refresh
        case .older: token = first.refresh
        case .forged: token = try forged(third.refresh)
        case .ofEndedSession, .olderOfEndedSession:
            _ = try await fixture.accounts.signOut(fixture.caller(third))
            token = row.token == .ofEndedSession ? third.refresh : first.refresh
        }
        fixture.clock.advance(seconds: row.after)
        var pair: Pair?
        #expect(await code { pair = try await fixture.refresh(token) } == row.code)
        if row.token == .predecessor, row.code == nil {
            #expect(pair == third)
        } else if let pair {
            #expect(pair.refresh != third.refresh && pair.access != third.access)
        }
        let ended = try await fixture.database.pool.read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM account_sessions WHERE userId = ? AND endedAt IS NULL",
                arguments: [first.userID])
        }
        let isThisSessionOver = row.token == .ofEndedSession || row.token == .olderOfEndedSession
        #expect(ended == (row.othersLive ? (isThisSessionOver ? 1 : 2) : 0))
        if !row.othersLive {
            // Theft ends the tokens that are out, in every session, at once and for good.
            #expect(await code { try await fixture.refresh(third.refresh) } == "auth/session-expired")
            #expect(await code { try await fixture.refresh(other.refresh) } == "auth/session-expired")
            #expect(await code { try await fixture.accounts.authenticate(other.access) } == "auth/session-expired")
        }
    }

    @Test("A token that lives shorter than an unused session ends by itself")
    func tokenExpires() async throws {
        let fixture = try AccountsFixture {
            $0.lifetimes.unused = .seconds(100 * 86_400)
        }
        let pair = try await fixture.signUp()
        fixture.clock.advance(seconds: 30 * Self.day - 1)
        let next = try await fixture.refresh(pair.refresh)
        fixture.clock.advance(seconds: 30 * Self.day)
        #expect(await code { try await fixture.refresh(next.refresh) } == "auth/session-expired")
    }

    @Test("A session in use lives on past 30 days")
    func usedSessionLivesOn() async throws {
        let fixture = try AccountsFixture()
        var pair = try await fixture.signUp()
        for _ in 0..<12 {
            fixture.clock.advance(seconds: 6 * Self.day)
            pair = try await fixture.refresh(pair.refresh)
        }
        #expect(try await fixture.accounts.authenticate(pair.access).role == "user")
    }

    @Test("Of many refreshes at once with one token all get the same pair, and it works")
    func parallel() async throws {
        let fixture = try AccountsFixture()
        let token = try await fixture.signUp().refresh
        let pairs = try await withThrowingTaskGroup(of: Pair.self) { group in
            for _ in 0..<16 { group.addTask { try await fixture.refresh(token) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(pairs.count == 16)
        #expect(pairs.allSatisfy { $0 == pairs[0] })
        #expect(try await fixture.accounts.authenticate(pairs[0].access).role == "user")
        _ = try await fixture.refresh(pairs[0].refresh)
    }

    @Test("A restart between the two refreshes changes nothing")
    func repeatAfterRestart() async throws {
        let fixture = try AccountsFixture()
        let token = try await fixture.signUp().refresh
        let pair = try await fixture.refresh(token)
        fixture.clock.advance(seconds: 3)
        let body: JSONObject = ["refreshToken": .string(token)]
        #expect(try Pair(try await fixture.reopened().refresh(body, client: AccountsFixture.client)) == pair)
    }

    @Test("Two refreshes give tokens with different ids, even in one millisecond")
    func freshIDs() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        let second = try await fixture.refresh(first.refresh)
        let a = try await fixture.accounts.claims(of: first.access)
        let b = try await fixture.accounts.claims(of: second.access)
        #expect(a.jti != b.jti)
        #expect(a.sid == b.sid)
        #expect(b.exp - b.iat == 3_600)
    }

    @Test("What is stored makes no token")
    func nothingReadableAtRest() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        let second = try await fixture.refresh(first.refresh)
        let dump = try fixture.database.dump()
        #expect(dump.contains(first.userID))
        for token in [first.refresh, second.refresh] {
            let bytes = try decoded(token)
            let secret = bytes[20..<52].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(!dump.contains(secret) && !dump.contains(token) && !dump.contains("abc123"))
        }
    }

    @Test(
        "What is no refresh token is refused with its reason",
        arguments: [
            (JSONObject(), "auth/invalid-request"), (["refreshToken": ["$ne": nil]], "auth/invalid-request"),
            (["refreshToken": ""], "auth/invalid-refresh-token"),
            (["refreshToken": "rt_AAAA"], "auth/invalid-refresh-token"),
            (["refreshToken": "eyJhbGciOiJIUzI1NiJ9.e30.x"], "auth/invalid-refresh-token"),
        ] as [(JSONObject, String)])
    func malformed(body: JSONObject, expected: String) async throws {
        let fixture = try AccountsFixture()
        #expect(
            await code { try await fixture.accounts.refresh(body, client: AccountsFixture.client) } == expected)
    }

    @Test("Every altered byte of a token makes it unknown, and ends nothing")
    func alteredTokens() async throws {
        let fixture = try AccountsFixture { $0.limits.refreshPerClient = nil }
        let token = try await fixture.signUp().refresh
        let letters = Array(token)
        for index in letters.indices {
            var altered = letters
            altered[index] = altered[index] == "A" ? "B" : "A"
            #expect(await code { try await fixture.refresh(String(altered)) } == "auth/invalid-refresh-token")
        }
        _ = try await fixture.refresh(token)
    }

    /// A token of the same session and generation with another secret: what can be made up without the tag's key.
    private func forged(_ token: String) throws -> String {
        let letters = Array(token)
        var forged = letters
        forged[50] = letters[50] == "x" ? "y" : "x"
        return String(forged)
    }

    private func decoded(_ token: String) throws -> [UInt8] {
        let text = token.dropFirst(3).replacing("-", with: "+").replacing("_", with: "/")
        return [UInt8](
            try #require(Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4))))
    }
}
