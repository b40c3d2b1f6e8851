import BkendAccounts
import BkendWire
import GRDB
import Testing

@Suite("Changing and resetting passwords")
struct PasswordTests {
    private func change(_ current: String, _ new: String) -> JSONObject {
        ["currentPassword": .string(current), "newPassword": .string(new)]
    }

    private func confirm(_ email: String, _ token: String, _ new: String = "def456") -> JSONObject {
        ["email": .string(email), "token": .string(token), "newPassword": .string(new)]
    }

    @Test("A change ends every session; the new password signs in, the old one doesn't")
    func change() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        let second = try await fixture.signIn()
        let answer = try await fixture.accounts.changePassword(
            change("abc123", "def456"), fixture.caller(first), client: AccountsFixture.client)
        #expect(answer.status == 200)
        for pair in [first, second] {
            #expect(await code { try await fixture.accounts.authenticate(pair.access) } == "auth/session-expired")
            #expect(await code { try await fixture.refresh(pair.refresh) } == "auth/session-expired")
        }
        #expect(await code { try await fixture.signIn() } == "auth/invalid-credentials")
        try await fixture.signIn(password: "def456")
    }

    @Test(
        "A change is refused for its reason, and ends nothing",
        arguments: [
            (["currentPassword": "wrong1", "newPassword": "def456"], "auth/invalid-credentials"),
            (["currentPassword": "abc123", "newPassword": "abc123"], "auth/same-as-previous-password"),
            (["currentPassword": "abc123", "newPassword": "12345"], "auth/weak-password"),
            (["currentPassword": ["$ne": nil], "newPassword": "def456"], "auth/invalid-password-format"),
            (["currentPassword": "abc123"], "auth/invalid-request"),
            (["newPassword": "def456"], "auth/invalid-request"),
        ] as [(JSONObject, String)])
    func refusedChange(body: JSONObject, expected: String) async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let caller = try await fixture.caller(pair)
        let code = await code {
            try await fixture.accounts.changePassword(body, caller, client: AccountsFixture.client)
        }
        #expect(code == expected)
        _ = try await fixture.accounts.authenticate(pair.access)
    }

    @Test("Of two changes at once one wins, and its password is the one that signs in")
    func changesAtOnce() async throws {
        let fixture = try AccountsFixture()
        let caller = try await fixture.caller(fixture.signUp())
        let codes = await withTaskGroup(of: (String, String?).self) { group in
            for password in ["def456", "ghi789"] {
                group.addTask {
                    let code = await code {
                        try await fixture.accounts.changePassword(
                            change("abc123", password), caller, client: AccountsFixture.client)
                    }
                    return (password, code)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let winners = codes.filter { $0.1 == nil }
        #expect(winners.count == 1)
        try await fixture.signIn(password: try #require(winners.first).0)
    }

    @Test("A reset by mail sets a password once, and ends every session")
    func reset() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let client = AccountsFixture.client
        _ = try await fixture.accounts.requestPasswordReset(["email": "ADA@example.com"], client: client)
        let token = try await fixture.mailedToken()
        #expect(try !fixture.database.dump().contains(token))
        let answer = try await fixture.accounts.confirmPasswordReset(confirm("Ada@Example.com", token), client: client)
        #expect(answer.status == 200)
        #expect(await code { try await fixture.accounts.authenticate(pair.access) } == "auth/session-expired")
        #expect(await code { try await fixture.signIn() } == "auth/invalid-credentials")
        try await fixture.signIn(password: "def456")
        let again = await code {
            try await fixture.accounts.confirmPasswordReset(confirm("ada@example.com", token, "ghi789"), client: client)
        }
        #expect(again == "auth/invalid-token")
    }

    @Test("Known and unknown addresses get the same answer without a read, a write or a hash before it")
    func sameAnswer() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        _ = fixture.hasher.takeLog()
        let client = AccountsFixture.client
        let known = try await fixture.accounts.requestPasswordReset(["email": "ada@example.com"], client: client)
        let unknown = try await fixture.accounts.requestPasswordReset(["email": "eve@example.com"], client: client)
        await fixture.accounts.drained()
        #expect(known == unknown)
        #expect(try fixture.mails().count == 1)
        #expect(fixture.hasher.takeLog().isEmpty)
        // Confirming tells the addresses apart no more than that.
        let body = "0123456789012345678901234567890123456789012"
        let errors = await [
            #expect(throws: ErrorBody.self) {
                try await fixture.accounts.confirmPasswordReset(confirm("ada@example.com", body), client: client)
            },
            #expect(throws: ErrorBody.self) {
                try await fixture.accounts.confirmPasswordReset(confirm("eve@example.com", body), client: client)
            },
        ]
        #expect(errors[0] == errors[1])
        #expect(fixture.hasher.takeLog().isEmpty)
    }

    @Test("A token is good for an hour, for its own address, beside that of a later mail")
    func tokenLimits() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        try await fixture.signUp("eve@example.com")
        let client = AccountsFixture.client
        let request: JSONObject = ["email": "ada@example.com"]
        _ = try await fixture.accounts.requestPasswordReset(request, client: client)
        let first = try await fixture.mailedToken()
        fixture.clock.advance(seconds: 1)
        _ = try await fixture.accounts.requestPasswordReset(request, client: client)
        let second = try await fixture.mailedToken()
        for (email, token) in [
            ("eve@example.com", first), ("eve@example.com", second), ("ada@example.com", second.uppercased()),
        ] {
            let code = await code {
                try await fixture.accounts.confirmPasswordReset(confirm(email, token), client: client)
            }
            #expect(code == "auth/invalid-token")
        }
        for token in [first, second] {
            let same = await code {
                try await fixture.accounts.confirmPasswordReset(
                    confirm("ada@example.com", token, "abc123"), client: client)
            }
            #expect(same == "auth/same-as-previous-password")
        }
        fixture.clock.advance(seconds: 3_600)
        let late = await code {
            try await fixture.accounts.confirmPasswordReset(confirm("ada@example.com", second), client: client)
        }
        #expect(late == "auth/invalid-token")
    }

    @Test("Of many confirmations at once with one token one succeeds")
    func confirmedAtOnce() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        let client = AccountsFixture.client
        _ = try await fixture.accounts.requestPasswordReset(["email": "ada@example.com"], client: client)
        let token = try await fixture.mailedToken()
        let accounts = try fixture.reopened(hasher: MeetingHasher(of: 6))
        let codes = await withTaskGroup(of: String?.self) { group in
            for number in 0..<6 {
                group.addTask {
                    await code {
                        try await accounts.confirmPasswordReset(
                            confirm("ada@example.com", token, "password\(number)"), client: client)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.filter { $0 == nil }.count == 1)
        #expect(codes.filter { $0 == "auth/invalid-token" }.count == 5)
    }
}
