import BkendAccounts
import BkendWire
import GRDB
import Testing

@Suite("Signing up and in (rest-api.md §8)")
struct SignInTests {
    @Test("Sign-up answers 201 with tokens and the user; the tokens work")
    func signUp() async throws {
        let fixture = try AccountsFixture()
        let body: JSONObject = [
            "email": " Ada@Example.com ", "password": "abc123", "name": "Ada", "method": "password", "role": "admin",
            "id": "mine", "emailVerified": "2020-01-01T00:00:00.000Z", "something": ["else": 1],
        ]
        let pair = try Pair(try await fixture.accounts.signUp(body, client: AccountsFixture.client))
        #expect(pair.answer.status == 201)
        #expect(pair.answer.body.keys == ["accessToken", "refreshToken", "tokenType", "expiresIn", "user"])
        #expect(pair.answer.body["tokenType"] == "Bearer")
        #expect(pair.answer.body["expiresIn"] == 3_600)
        let user = try #require(pair.answer.body["user"]?.objectValue)
        let moment = JSON.string(fixture.clock.now.description)
        #expect(
            user == [
                "id": .string(pair.userID), "role": "user", "name": "Ada", "nickname": nil, "email": "Ada@Example.com",
                "image": nil, "emailVerified": nil, "onboardingStatus": "incomplete", "createdAt": moment,
                "updatedAt": moment,
            ])
        #expect(
            pair.userID.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        #expect(try await fixture.accounts.authenticate(pair.access).role == "user")
        #expect(try await fixture.accounts.me(fixture.caller(pair)).body == user)
    }

    @Test("An address signs up once, whatever its case and Unicode form")
    func duplicates() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp("r\u{E9}my@example.com")
        for email in ["R\u{C9}MY@EXAMPLE.COM", "re\u{301}my@example.com", "\tr\u{E9}my@Example.com\n"] {
            #expect(await code { try await fixture.signUp(email) } == "auth/email-already-exists")
            #expect(await code { try await fixture.signIn(email) } == nil)
        }
    }

    @Test("Of many sign-ups at once with one address one succeeds")
    func parallelSignUps() async throws {
        let fixture = try AccountsFixture()
        let codes = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<8 { group.addTask { await code { try await fixture.signUp() } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.filter { $0 == nil }.count == 1)
        #expect(codes.filter { $0 == "auth/email-already-exists" }.count == 7)
    }

    /// A body, what it is refused with, and the field that the answer names.
    static let badBodies: [(JSONObject, String, String)] = [
        (["email": "a@b.cd", "password": ["$ne": nil]], "auth/invalid-password-format", "password"),
        (["email": ["$gt": ""], "password": "abc123"], "auth/invalid-email", "email"),
        (["email": "a@b.cd", "password": 123_456], "auth/invalid-password-format", "password"),
        (["email": "a@b.cd", "password": ["abc123"]], "auth/invalid-password-format", "password"),
        (["email": "a@b.cd", "password": true], "auth/invalid-password-format", "password"),
        (["email": "a@b.cd", "password": nil], "auth/invalid-request", "password"),
        (["email": "a@b.cd"], "auth/invalid-request", "password"),
        (["password": "abc123"], "auth/invalid-request", "email"),
        (["email": "a@b.cd", "password": "abc\u{0}123"], "auth/invalid-password-format", "password"),
        (
            ["email": "a@b.cd", "password": .string(String(repeating: "x", count: 513))],
            "auth/invalid-password-format", "password"
        ),
        (["email": "no address", "password": "abc123"], "auth/invalid-email", "email"),
        (["email": "a@b.cd", "password": "abc123", "method": "magic-link"], "auth/invalid-request", "method"),
        (["email": "a@b.cd", "password": "abc123", "method": 1], "auth/invalid-request", "method"),
    ]

    @Test("A body of wrong types is a 400 that names the field, at sign-up and at sign-in", arguments: badBodies)
    func badBody(body: JSONObject, expected: String, field: String) async throws {
        let fixture = try AccountsFixture()
        for call in [fixture.accounts.signUp, fixture.accounts.signIn] {
            let error = await #expect(throws: ErrorBody.self) { try await call(body, AccountsFixture.client) }
            #expect(error?.code.rawValue == expected)
            #expect(error?.status == 400)
            #expect(error?.details.map(\.field) == [field])
        }
        #expect(fixture.hasher.takeLog().isEmpty)
    }

    @Test("Sign-up refuses a short password and a name of a wrong type; sign-in doesn't judge")
    func weakPassword() async throws {
        let fixture = try AccountsFixture()
        #expect(await code { try await fixture.signUp(password: "12345") } == "auth/weak-password")
        #expect(await code { try await fixture.signUp(password: "") } == "auth/weak-password")
        #expect(await code { try await fixture.signIn(password: "12345") } == "auth/invalid-credentials")
        #expect(await code { try await fixture.signIn(password: "") } == "auth/invalid-credentials")
        let body: JSONObject = ["email": "a@b.cd", "password": "abc123", "name": ["first": "A"]]
        #expect(
            await code { try await fixture.accounts.signUp(body, client: AccountsFixture.client) }
                == "auth/invalid-request")
    }

    @Test("An unknown address costs the same computation as a wrong password and gets the same answer")
    func unknownAddress() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        _ = fixture.hasher.takeLog()
        let wrong = await #expect(throws: ErrorBody.self) { try await fixture.signIn(password: "wrong1") }
        let costOfWrong = fixture.hasher.takeLog()
        let unknown = await #expect(throws: ErrorBody.self) { try await fixture.signIn("eve@example.com") }
        #expect(fixture.hasher.takeLog() == costOfWrong)
        #expect(costOfWrong == [AccountsFixture.cheap])
        #expect(wrong == unknown)
        #expect(wrong?.code == .invalidCredentials)
        let empty = await #expect(throws: ErrorBody.self) { try await fixture.signIn("eve@example.com", password: "") }
        #expect(fixture.hasher.takeLog() == costOfWrong)
        #expect(empty == unknown)
    }

    @Test("A user without a password is answered as an unknown address is")
    func withoutPassword() async throws {
        let fixture = try AccountsFixture()
        _ = try await fixture.accounts.createUser(["email": "bob@example.com"], .secretKey)
        _ = fixture.hasher.takeLog()
        #expect(await code { try await fixture.signIn("bob@example.com") } == "auth/invalid-credentials")
        #expect(fixture.hasher.takeLog().count == 1)
    }

    @Test("When the parameters rise, the next sign-in hashes the password again, once")
    func rehash() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let dearer = try ScryptParameters(logarithmOfRounds: 5)
        let accounts = try fixture.reopened { $0.scrypt = dearer }
        let body: JSONObject = ["email": "ada@example.com", "password": "abc123"]
        _ = fixture.hasher.takeLog()
        #expect(try await stored(fixture, pair.userID).hasPrefix("$scrypt$ln=4,r=8,p=1$"))
        _ = try await accounts.signIn(body, client: AccountsFixture.client)
        #expect(fixture.hasher.takeLog() == [AccountsFixture.cheap, dearer])
        #expect(try await stored(fixture, pair.userID).hasPrefix("$scrypt$ln=5,r=8,p=1$"))
        _ = try await accounts.signIn(body, client: AccountsFixture.client)
        #expect(fixture.hasher.takeLog() == [dearer])
        // Parameters that fall leave a hash as strong as it is.
        try await fixture.signIn()
        #expect(fixture.hasher.takeLog() == [dearer])
    }

    private func stored(_ fixture: AccountsFixture, _ id: String) async throws -> String {
        try await fixture.database.pool.read { db in
            try String.fetchOne(db, sql: "SELECT hash FROM account_passwords WHERE userId = ?", arguments: [id]) ?? ""
        }
    }
}
