import BkendAccounts
import BkendWire
import Testing

@Suite("Limits of the accounts")
struct LimitTests {
    private func body(_ email: String, _ password: String = "abc123") -> JSONObject {
        ["email": .string(email), "password": .string(password)]
    }

    @Test("Eleven sign-ups in a row pass by default")
    func seedScript() async throws {
        let fixture = try AccountsFixture()
        for number in 1...11 { try await fixture.signUp("user\(number)@example.com") }
    }

    @Test(
        "Failed sign-ins at one address from one client end in a 429 that says when to come again",
        arguments: [true, false])
    func signInAttempts(isKnown: Bool) async throws {
        let fixture = try AccountsFixture()
        if isKnown { try await fixture.signUp() }
        for _ in 1...10 {
            #expect(await code { try await fixture.signIn(password: "wrong1") } == "auth/invalid-credentials")
        }
        _ = fixture.hasher.takeLog()
        let error = await #expect(throws: TooManyRequests.self) { try await fixture.signIn(password: "wrong1") }
        #expect(error?.body.code == .tooManyLoginAttempts)
        #expect(error?.body.status == 429)
        #expect(error?.retryAfterSeconds == 60)
        // The right password doesn't help either, or guessing would go on; and nothing is computed.
        #expect(await code { try await fixture.signIn() } == "auth/too-many-login-attempts")
        #expect(fixture.hasher.takeLog().isEmpty)
        fixture.clock.advance(seconds: 60)
        #expect(await code { try await fixture.signIn() } == (isKnown ? nil : "auth/invalid-credentials"))
    }

    @Test("Other clients can still sign in at an address that one client has used up")
    func otherClient() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        for _ in 1...11 { _ = await code { try await fixture.signIn(password: "wrong1") } }
        _ = try await fixture.accounts.signIn(body("ada@example.com"), client: ClientInfo(address: "192.0.2.2"))
    }

    @Test("A client that is refused doesn't use up the address for the others")
    func refusedAttemptsCountNowhere() async throws {
        let fixture = try AccountsFixture {
            $0.limits.signInPerAddress = RateLimit(20, perSeconds: 3_600)
            $0.limits.signInPerClientUnderAttack = RateLimit(1, perSeconds: 3_600)
        }
        try await fixture.signUp()
        for _ in 1...100 { _ = await code { try await fixture.signIn(password: "wrong1") } }
        let elsewhere = ClientInfo(address: "192.0.2.2")
        _ = try await fixture.accounts.signIn(body("ada@example.com"), client: elsewhere)
    }

    @Test("An attempt that one limit refuses counts against none of the others")
    func refusedByOne() async throws {
        let fixture = try AccountsFixture {
            $0.limits.signInPerClientAndAddress = RateLimit(2, perSeconds: 1_000)
            $0.limits.signInPerClient = RateLimit(1, perSeconds: 10)
        }
        let expected = ["auth/invalid-credentials"] + Array(repeating: "auth/too-many-login-attempts", count: 5)
        for code in expected { #expect(await BkendAccountsTests.code { try await fixture.signIn() } == code) }
        fixture.clock.advance(seconds: 10)
        #expect(await code { try await fixture.signIn() } == "auth/invalid-credentials")
    }

    @Test("All addresses of an IPv6 network are one client")
    func ipv6Network() async throws {
        let fixture = try AccountsFixture()
        var refused = 0
        for number in 0..<30 {
            let client = ClientInfo(address: "2001:db8::\(number)")
            let code = await code { try await fixture.accounts.signIn(body("ada@example.com"), client: client) }
            if code == "auth/too-many-login-attempts" { refused += 1 }
        }
        #expect(refused == 20)
    }

    @Test("Past what clients together may fail at one address, each has few attempts there, however it is spelt")
    func perAddress() async throws {
        let fixture = try AccountsFixture {
            $0.limits.signInPerAddress = RateLimit(20, perSeconds: 3_600)
            $0.limits.signInPerClientUnderAttack = RateLimit(1, perSeconds: 3_600)
        }
        try await fixture.signUp()
        var refused = 0
        for number in 0..<30 {
            let client = ClientInfo(address: "2001:db8:0:\(number)::1")
            for email in ["ADA@example.com", "ada@example.com"] {
                let code = await code { try await fixture.accounts.signIn(body(email, "wrong1"), client: client) }
                if code == "auth/too-many-login-attempts" { refused += 1 }
            }
        }
        #expect(refused == 20)
    }

    @Test("One client can't try one password at many addresses")
    func perClient() async throws {
        let fixture = try AccountsFixture { $0.limits.signInPerClient = RateLimit(15, perSeconds: 600) }
        var codes: [String?] = []
        for number in 0..<16 { codes.append(await code { try await fixture.signIn("user\(number)@example.com") }) }
        #expect(codes.prefix(15).allSatisfy { $0 == "auth/invalid-credentials" })
        #expect(codes.last == "auth/too-many-login-attempts")
    }

    @Test("Successful sign-ins don't count")
    func successes() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        for _ in 1...40 { try await fixture.signIn() }
    }

    @Test("Attempts at once don't slip through")
    func parallelAttempts() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        let codes = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<40 { group.addTask { await code { try await fixture.signIn(password: "wrong1") } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.filter { $0 == "auth/invalid-credentials" }.count == 10)
        #expect(codes.filter { $0 == "auth/too-many-login-attempts" }.count == 30)
    }

    @Test("Sign-ups, refreshes and resets have limits of their own")
    func others() async throws {
        let fixture = try AccountsFixture {
            $0.limits.signUpPerClient = RateLimit(1, perSeconds: 10)
            $0.limits.refreshPerClient = RateLimit(1, perSeconds: 10)
            $0.limits.resetPerClientAndAddress = RateLimit(1, perSeconds: 10)
        }
        let pair = try await fixture.signUp()
        #expect(await code { try await fixture.signUp("b@example.com") } == "auth/too-many-requests")
        _ = try await fixture.refresh(pair.refresh)
        #expect(await code { try await fixture.refresh(pair.refresh) } == "auth/too-many-requests")
        for expected in [nil, "auth/too-many-requests"] {
            let code = await code {
                try await fixture.accounts.requestPasswordReset(
                    ["email": "nobody@example.com"], client: AccountsFixture.client)
            }
            #expect(code == expected)
        }
        await fixture.accounts.drained()
    }

    @Test("A guessed current password counts as an attempt to sign in")
    func changePassword() async throws {
        let fixture = try AccountsFixture()
        let caller = try await fixture.caller(fixture.signUp())
        let change: JSONObject = ["currentPassword": "wrong1", "newPassword": "def456"]
        for _ in 1...10 {
            #expect(
                await code { try await fixture.accounts.changePassword(change, caller, client: AccountsFixture.client) }
                    == "auth/invalid-credentials")
        }
        #expect(
            await code { try await fixture.accounts.changePassword(change, caller, client: AccountsFixture.client) }
                == "auth/too-many-login-attempts")
    }

    @Test("A sign-up that the server had no room for doesn't count")
    func refusedSignUp() async throws {
        let fixture = try AccountsFixture()
        let hasher = BusyHasher()
        let accounts = try fixture.reopened(hasher: hasher) {
            $0.limits.signUpPerClient = RateLimit(2, perSeconds: 600)
        }
        let body: JSONObject = ["email": "ada@example.com", "password": "abc123", "name": "Ada"]
        for _ in 1...5 {
            await #expect(throws: QueueRefused.self) { try await accounts.signUp(body, client: AccountsFixture.client) }
        }
        hasher.isFree()
        #expect(try await accounts.signUp(body, client: AccountsFixture.client).status == 201)
    }
}
