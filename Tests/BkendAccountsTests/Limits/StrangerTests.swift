import BkendAccounts
import BkendWire
import Foundation
import Testing

/// What strangers can use up of an owner's: nothing that keeps the owner out (docs/threat-model.md).
@Suite("Strangers against the owner of an account")
struct StrangerTests {
    private static let email = "ada@example.com"
    private static let owner = ClientInfo(address: "198.51.100.7")

    /// Clients of many networks.
    private func stranger(_ number: Int) -> ClientInfo { ClientInfo(address: "2001:db8:0:\(number)::1") }

    private func ask(
        _ fixture: AccountsFixture, _ client: ClientInfo, _ email: String = email
    ) async -> String? {
        let code = await code {
            try await fixture.accounts.requestPasswordReset(["email": .string(email)], client: client)
        }
        await fixture.accounts.drained()
        return code
    }

    private func confirm(
        _ fixture: AccountsFixture, _ token: String, password: String = "def456", _ client: ClientInfo = owner
    ) async -> String? {
        await code {
            try await fixture.accounts.confirmPasswordReset(
                ["email": .string(Self.email), "token": .string(token), "newPassword": .string(password)],
                client: client)
        }
    }

    private func signIn(_ fixture: AccountsFixture, _ client: ClientInfo, _ password: String) async -> String? {
        await code {
            try await fixture.accounts.signIn(
                ["email": .string(Self.email), "password": .string(password)], client: client)
        }
    }

    @Test("However often a stranger asks for a reset, the owner can ask as well, and reset")
    func resetRequests() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        var codes: [String?] = []
        for _ in 0..<8 { codes.append(await ask(fixture, stranger(0))) }
        #expect(codes == Array(repeating: nil, count: 5) + Array(repeating: "auth/too-many-requests", count: 3))
        #expect(await ask(fixture, Self.owner) == nil)
        #expect(await confirm(fixture, try fixture.mailedTokens().first ?? "") == nil)
        #expect(await signIn(fixture, Self.owner, "def456") == nil)
    }

    @Test("A flood from many networks fills no mailbox, tells nothing, and leaves every link that was mailed good")
    func mailFlood() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        for number in 0..<100 {
            #expect(await ask(fixture, stranger(number)) == nil)
            #expect(await ask(fixture, stranger(number), "nobody@example.com") == nil)
        }
        #expect(await ask(fixture, Self.owner) == nil)
        let tokens = try fixture.mailedTokens()
        #expect(tokens.count == 5)
        // Ten minutes later the owner has read them; whichever it is.
        fixture.clock.advance(seconds: 600)
        for number in 100..<200 { #expect(await ask(fixture, stranger(number)) == nil) }
        #expect(await confirm(fixture, tokens.first ?? "") == nil)
        // It ended the others, and who needs another reset gets a mail at once.
        for token in tokens { #expect(await confirm(fixture, token, password: "ghi789") == "auth/invalid-token") }
        let sent = try fixture.mailedTokens().count
        #expect(await ask(fixture, Self.owner) == nil)
        #expect(try fixture.mailedTokens().count == sent + 1)
    }

    @Test("While a flood lasts, the owner has a link that is good for half its life at every moment")
    func steadyFlood() async throws {
        let fixture = try AccountsFixture { $0.limits.resetMailsPerAccount = RateLimit(1, perSeconds: 1_000_000) }
        try await fixture.signUp()
        var counts: [Int] = []
        for number in 0..<13 {
            #expect(await ask(fixture, stranger(number)) == nil)
            counts.append(try fixture.mails().count)
            fixture.clock.advance(seconds: 600)
        }
        #expect(counts == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4])
    }

    @Test("A mail that could not be sent leaves the owner's next request its mail")
    func failedMail() async throws {
        let fixture = try AccountsFixture { $0.limits.resetMailsPerAccount = RateLimit(1, perSeconds: 1_000_000) }
        try await fixture.signUp()
        let folder = fixture.folder.path + "/mail"
        try FileManager.default.removeItem(atPath: folder)
        try Data().write(to: URL(fileURLWithPath: folder))
        #expect(await ask(fixture, stranger(0)) == nil)
        try FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        #expect(await ask(fixture, Self.owner) == nil)
        #expect(await confirm(fixture, try fixture.mailedTokens().first ?? "") == nil)
    }

    @Test("A request that the client's limit refuses uses up nothing at the address")
    func refusedRequests() async throws {
        let fixture = try AccountsFixture {
            $0.limits.resetPerClient = RateLimit(1, perSeconds: 100)
            $0.limits.resetPerClientAndAddress = RateLimit(2, perSeconds: 100_000)
        }
        #expect(await ask(fixture, Self.owner) == nil)
        for _ in 0..<20 { #expect(await ask(fixture, Self.owner) == "auth/too-many-requests") }
        fixture.clock.advance(seconds: 100)
        #expect(await ask(fixture, Self.owner) == nil)
    }

    @Test("Asking for resets takes nothing from confirming one")
    func confirming() async throws {
        let fixture = try AccountsFixture { $0.limits.resetPerClient = RateLimit(1, perSeconds: 600) }
        try await fixture.signUp()
        #expect(await ask(fixture, Self.owner) == nil)
        #expect(await ask(fixture, Self.owner) == "auth/too-many-requests")
        #expect(await confirm(fixture, try fixture.mailedTokens().first ?? "") == nil)
    }

    @Test("However many guess at an address, the right password signs in from anywhere, and guessers get few attempts")
    func guessing() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        var tried: [Int] = []
        for number in 0..<60 {
            var count = 0
            while await signIn(fixture, stranger(number), "wrong1") == "auth/invalid-credentials" { count += 1 }
            tried.append(count)
        }
        #expect(tried.prefix(20).allSatisfy { $0 == 10 })
        #expect(tried.dropFirst(20).allSatisfy { $0 == 3 })
        // From where the owner is for the first time, after two typing errors, and while changing the password.
        for password in ["wrong1", "wrong2"] {
            #expect(await signIn(fixture, Self.owner, password) == "auth/invalid-credentials")
        }
        for _ in 0..<5 { #expect(await signIn(fixture, Self.owner, "abc123") == nil) }
        _ = try await fixture.accounts.changePassword(
            ["currentPassword": "abc123", "newPassword": "def456"], fixture.caller(pair), client: Self.owner)
    }

    @Test("Who has reset the password signs in with it, also where too many attempts failed before")
    func resetForgives() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        for _ in 0..<10 { _ = await signIn(fixture, Self.owner, "wrong1") }
        #expect(await signIn(fixture, Self.owner, "abc123") == "auth/too-many-login-attempts")
        #expect(await ask(fixture, Self.owner) == nil)
        #expect(await confirm(fixture, try fixture.mailedTokens().first ?? "") == nil)
        #expect(await signIn(fixture, Self.owner, "def456") == nil)
    }
}

extension AccountsFixture {
    /// The codes of all mails.
    fileprivate func mailedTokens() throws -> [String] {
        try mails().compactMap { mail in
            mail.components(separatedBy: "\r\n").first { $0.utf8.count == 43 && !$0.contains(" ") }
        }
    }
}
