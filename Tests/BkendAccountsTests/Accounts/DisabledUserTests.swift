import BkendAccounts
import BkendWire
import GRDB
import Testing

@Suite("Disabled users")
struct DisabledUserTests {
    @Test("Every session ends at once, in every process, and none comes back by enabling")
    func sessions() async throws {
        let fixture = try AccountsFixture()
        let phone = try await fixture.signUp()
        let laptop = try await fixture.signIn()
        let other = try await fixture.signUp("eve@example.com")
        // Another process does it.
        let disabled = try await fixture.reopened().disable(phone.userID)
        #expect(disabled.disabledAt == fixture.clock.now)
        for pair in [phone, laptop] {
            #expect(await code { try await fixture.accounts.authenticate(pair.access) } == "auth/session-expired")
            #expect(await code { try await fixture.refresh(pair.refresh) } == "auth/session-expired")
        }
        _ = try await fixture.accounts.authenticate(other.access)
        _ = try await fixture.refresh(other.refresh)
        #expect(try await fixture.accounts.enable(phone.userID).disabledAt == nil)
        for pair in [phone, laptop] {
            #expect(await code { try await fixture.accounts.authenticate(pair.access) } == "auth/session-expired")
            #expect(await code { try await fixture.refresh(pair.refresh) } == "auth/session-expired")
        }
        #expect(try await fixture.signIn().userID == phone.userID)
    }

    @Test("Only the right password learns that the account is disabled; others are answered as at an unknown address")
    func signIn() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        _ = try await fixture.accounts.disable(pair.userID)
        _ = fixture.hasher.takeLog()
        let unknown = await #expect(throws: ErrorBody.self) { try await fixture.signIn("eve@example.com") }
        let cost = fixture.hasher.takeLog()
        let wrong = await #expect(throws: ErrorBody.self) { try await fixture.signIn(password: "wrong1") }
        #expect(fixture.hasher.takeLog() == cost)
        #expect(wrong == unknown)
        let right = await #expect(throws: ErrorBody.self) { try await fixture.signIn() }
        #expect(fixture.hasher.takeLog() == cost)
        #expect(right?.code == .accountBanned)
        #expect(right?.status == 403)
        let sessions = try await fixture.database.pool.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM account_sessions WHERE endedAt IS NULL")
        }
        #expect(sessions == 0)
        #expect(await code { try await fixture.signUp() } == "auth/email-already-exists")
    }

    @Test("A sign-in that was checking the password when the user was disabled starts no session")
    func signInUnderWay() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let accounts = fixture.accounts
        let hasher = InterruptedHasher(hasher: fixture.hasher) { _ = try await accounts.disable(pair.userID) }
        let body: JSONObject = ["email": "ada@example.com", "password": "abc123"]
        let other = try fixture.reopened(hasher: hasher)
        let code = await code { try await other.signIn(body, client: AccountsFixture.client) }
        #expect(code == "auth/account-banned")
    }

    @Test("A token to reset the password ends as well, and no mail brings another")
    func reset() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let client = AccountsFixture.client
        let request: JSONObject = ["email": "ada@example.com"]
        let before = try await fixture.accounts.requestPasswordReset(request, client: client)
        let token = try await fixture.mailedToken()
        _ = try await fixture.accounts.disable(pair.userID)
        let refused = await code {
            try await fixture.accounts.confirmPasswordReset(
                ["email": "ada@example.com", "token": .string(token), "newPassword": "def456"], client: client)
        }
        #expect(refused == "auth/invalid-token")
        #expect(try await fixture.accounts.requestPasswordReset(request, client: client) == before)
        await fixture.accounts.drained()
        #expect(try fixture.mails().count == 1)
        await #expect(throws: AccountsFailure.self) { try await fixture.accounts.mailPasswordReset(to: pair.userID) }
        #expect(try fixture.mails().count == 1)
        // An operator may set one; it is good once the user is enabled.
        try await fixture.accounts.setPassword("def456", of: pair.userID)
        #expect(await code { try await fixture.signIn(password: "def456") } == "auth/account-banned")
        _ = try await fixture.accounts.enable(pair.userID)
        try await fixture.signIn(password: "def456")
        try await fixture.accounts.mailPasswordReset(to: pair.userID)
        #expect(try fixture.mails().count == 2)
    }

    @Test("Administrators see since when, others have no such member, and repeating changes nothing")
    func listed() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        try await fixture.signUp("eve@example.com")
        let moment = fixture.clock.now
        _ = try await fixture.accounts.disable(pair.userID)
        fixture.clock.advance(seconds: 60)
        let again = try await fixture.accounts.disable(pair.userID)
        #expect(again.disabledAt == moment && again.updatedAt == moment)
        let list = try await fixture.accounts.users(UserList(), .secretKey).body["items"]?.arrayValue ?? []
        #expect(list.count == 2)
        for user in list {
            let isDisabled = user["id"] == .string(pair.userID)
            #expect(user["disabledAt"] == (isDisabled ? .string(moment.description) : JSON?.none))
        }
        _ = try await fixture.accounts.updateUser(pair.userID, ["name": "A."], .secretKey)
        #expect(try await fixture.accounts.find(pair.userID)?.disabledAt == moment)
        for unknown in ["", "nobody"] {
            #expect(await code { try await fixture.accounts.disable(unknown) } == "user/not-found")
            #expect(await code { try await fixture.accounts.enable(unknown) } == "user/not-found")
        }
        _ = try await fixture.accounts.deleteUser(pair.userID, .secretKey)
        #expect(await code { try await fixture.accounts.enable(pair.userID) } == "user/not-found")
    }
}

/// A hasher during whose work something else happens.
private struct InterruptedHasher: PasswordHasher {
    let hasher: CountingHasher
    let happens: @Sendable () async throws -> Void

    func scrypt(
        _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, length: Int
    ) async throws -> [UInt8] {
        try await happens()
        return try await hasher.scrypt(password, salt: salt, parameters: parameters, length: length)
    }
}
