import BkendAccounts
import BkendWire
import GRDB
import Testing

@Suite("Users and sessions (rest-api.md §8a, §11)")
struct UserTests {
    @Test("A user reads and changes themself")
    func profile() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let caller = try await fixture.caller(pair)
        fixture.clock.advance(seconds: 5)
        let body: JSONObject = [
            "nickname": "Countess", "image": "https://example.com/a.png", "onboardingStatus": "completed",
        ]
        let user = try await fixture.accounts.updateUser(pair.userID, body, caller).body
        #expect(user["name"] == "Ada")
        #expect(user["nickname"] == "Countess")
        #expect(user["image"] == "https://example.com/a.png")
        #expect(user["onboardingStatus"] == "completed")
        #expect(user["role"] == "user")
        #expect(user["email"] == "ada@example.com")
        #expect(user["emailVerified"] == .null)
        #expect(user["updatedAt"] == .string(fixture.clock.now.description))
        #expect(user["createdAt"] != user["updatedAt"])
        #expect(try await fixture.accounts.user(pair.userID, caller).body == user)
        let cleared = try await fixture.accounts.updateUser(pair.userID, ["name": nil], caller).body
        #expect(cleared["name"] == .null && cleared["nickname"] == "Countess")
    }

    @Test(
        "What a route doesn't store is refused by name, and nothing is changed",
        arguments: ["role", "email", "id", "createdAt", "emailVerified", "mobile", "bio", "socialLinks", "Name"])
    func unknownMembers(member: String) async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let caller = try await fixture.caller(pair)
        let error = await #expect(throws: ErrorBody.self) {
            try await fixture.accounts.updateUser(pair.userID, ["nickname": "Countess", member: "admin"], caller)
        }
        #expect(error?.code == "common/invalid-parameters" && error?.status == 400)
        #expect(error?.details.map(\.field) == [member])
        #expect(error?.message.hasPrefix("\(member) can't be stored") == true)
        #expect(try await fixture.accounts.user(pair.userID, caller).body["nickname"] == .null)
        let made: JSONObject = ["email": "bob@example.com", "mobile": "1"]
        #expect(await code { try await fixture.accounts.createUser(made, .secretKey) } == "common/invalid-parameters")
        let role: JSONObject = ["role": "editor", "name": "x"]
        #expect(
            await code { try await fixture.accounts.changeRole(of: pair.userID, role, .secretKey) }
                == "common/invalid-parameters")
    }

    @Test("A change of nothing leaves updatedAt, and a clock set back doesn't move it back")
    func updatedAt() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let caller = try await fixture.caller(pair)
        let first = fixture.clock.now
        fixture.clock.advance(seconds: 5)
        let same = try await fixture.accounts.updateUser(pair.userID, ["name": "Ada"], caller).body
        #expect(same["updatedAt"] == .string(first.description))
        fixture.clock.advance(seconds: -50)
        let changed = try await fixture.accounts.updateUser(pair.userID, ["name": "A"], caller).body
        #expect(changed["updatedAt"] == .string(first.description))
    }

    @Test("A user is stamped once the writer's turn has come, not before it was waited for")
    func stampedInside() async throws {
        let fixture = try AccountsFixture()
        let admin = Caller.secretKey
        fixture.database.onWrite.withLock { $0 = { fixture.clock.advance(seconds: 5) } }
        func stamp(_ field: String, _ body: () async throws -> JSONObject) async throws {
            let before = fixture.clock.now.milliseconds
            let text = try await body()[field]?.stringValue
            #expect(text == Timestamp(clamping: before + 5_000).description)
        }
        let accounts = fixture.accounts
        try await stamp("createdAt") { try await fixture.signUp().answer.body["user"]?.objectValue ?? [:] }
        try await stamp("createdAt") { try await accounts.createUser(["email": "b@example.com"], admin).body }
        let id = try #require(try await accounts.find("ada@example.com")?.id)
        try await stamp("updatedAt") { try await accounts.updateUser(id, ["name": "B"], admin).body }
        try await stamp("updatedAt") { try await accounts.changeRole(of: id, ["role": "guest"], admin).body }
        try await stamp("updatedAt") { try await accounts.disable(id).json }
        try await stamp("updatedAt") { try await accounts.enable(id).json }
    }

    @Test(
        "A member of a wrong type is a 400 that names it", arguments: ["name", "nickname", "image", "onboardingStatus"])
    func wrongTypes(field: String) async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let caller = try await fixture.caller(pair)
        for value in [1, true, ["$set": 1], [], "a\u{0}b", .string(String(repeating: "x", count: 3_000))] as [JSON] {
            let error = await #expect(throws: ErrorBody.self) {
                try await fixture.accounts.updateUser(pair.userID, [field: value], caller)
            }
            #expect(error?.status == 400)
            #expect(error?.details.map(\.field) == [field])
        }
    }

    @Test("Another user's id and an unknown id are forbidden alike; an administrator sees the difference")
    func others() async throws {
        let fixture = try AccountsFixture()
        let ada = try await fixture.signUp()
        let eve = try await fixture.signUp("eve@example.com")
        let caller = try await fixture.caller(eve)
        for id in [ada.userID, "unknown"] {
            #expect(await code { try await fixture.accounts.user(id, caller) } == "user/forbidden")
            #expect(await code { try await fixture.accounts.updateUser(id, [:], caller) } == "user/forbidden")
            #expect(await code { try await fixture.accounts.deleteUser(id, caller) } == "user/forbidden")
            #expect(
                await code { try await fixture.accounts.changeRole(of: id, ["role": "admin"], caller) }
                    == "user/forbidden")
        }
        #expect(
            await code { try await fixture.accounts.changeRole(of: eve.userID, ["role": "admin"], caller) }
                == "user/forbidden")
        #expect(await code { try await fixture.accounts.users(UserList(), caller) } == "user/forbidden")
        #expect(await code { try await fixture.accounts.user("unknown", .secretKey) } == "user/not-found")
        #expect(await code { try await fixture.accounts.user(ada.userID, .guest) } == "common/authentication-required")
        #expect(try await fixture.accounts.user(ada.userID, .secretKey).body["email"] == "ada@example.com")
    }

    @Test("A change of role works at once on tokens that are out, both ways")
    func roles() async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        #expect(try await fixture.caller(pair).isAdmin == false)
        let answer = try await fixture.accounts.changeRole(of: pair.userID, ["role": "admin"], .secretKey)
        #expect(answer.body["role"] == "admin")
        #expect(try await fixture.caller(pair).isAdmin)
        _ = try await fixture.accounts.users(UserList(), fixture.caller(pair))
        _ = try await fixture.accounts.changeRole(of: pair.userID, ["role": "editor"], .secretKey)
        #expect(try await fixture.accounts.authenticate(pair.access).role == "editor")
        #expect(await code { try await fixture.accounts.users(UserList(), fixture.caller(pair)) } == "user/forbidden")
        for role in ["", "two words", "*", "role:x", "_x", String(repeating: "x", count: 65)] {
            let code = await code {
                try await fixture.accounts.changeRole(of: pair.userID, ["role": .string(role)], .secretKey)
            }
            #expect(code == "common/invalid-parameters", "\(role)")
        }
        #expect(
            await code { try await fixture.accounts.changeRole(of: pair.userID, ["role": 1], .secretKey) }
                == "auth/invalid-request")
    }

    @Test("An administrator makes users of any role, with and without password")
    func create() async throws {
        let fixture = try AccountsFixture()
        let body: JSONObject = ["email": "ed@example.com", "password": "abc123", "role": "editor", "nickname": "Ed"]
        let answer = try await fixture.accounts.createUser(body, .secretKey)
        #expect(answer.status == 201)
        #expect(answer.body["role"] == "editor" && answer.body["nickname"] == "Ed")
        let pair = try await fixture.signIn("ed@example.com")
        #expect(try await fixture.accounts.authenticate(pair.access).role == "editor")
        #expect(await code { try await fixture.accounts.createUser(body, .secretKey) } == "auth/email-already-exists")
        #expect(await code { try await fixture.accounts.createUser(body, .guest) } == "common/authentication-required")
    }

    @Test("Lists give the newest first, in pages, and can be searched and sorted")
    func list() async throws {
        let fixture = try AccountsFixture()
        for number in 1...5 {
            _ = try await fixture.accounts.createUser(
                [
                    "email": .string("user\(number)@example.com"),
                    "name": .string(number == 3 ? "\u{C9}mile" : "N\(6 - number)"),
                ],
                .secretKey)
            fixture.clock.advance(seconds: 1)
        }
        func emails(_ items: [QueryItem]) async throws -> [String] {
            let body = try await fixture.accounts.users(UserList(queryItems: items), .secretKey).body
            return try #require(body["items"]?.arrayValue).compactMap {
                $0["email"]?.stringValue?.first { $0.isNumber }
            }
            .map(String.init)
        }
        #expect(try await emails([]) == ["5", "4", "3", "2", "1"])
        #expect(try await emails([QueryItem("page", "2"), QueryItem("limit", "2")]) == ["3", "2"])
        #expect(
            try await emails([QueryItem("sortBy", "email"), QueryItem("sortDirection", "asc")]) == [
                "1", "2", "3", "4", "5",
            ])
        #expect(try await emails([QueryItem("search", "E\u{301}MILE")]) == ["3"])
        #expect(try await emails([QueryItem("search", "USER2@")]) == ["2"])
        #expect(try await emails([QueryItem("search", "%")]) == [])
        let body = try await fixture.accounts.users(UserList(queryItems: [QueryItem("limit", "2")]), .secretKey).body
        #expect(body["pagination"]?["total"] == 5 && body["pagination"]?["hasNext"] == true)
        #expect(throws: QueryError.self) { try UserList(queryItems: [QueryItem("sortBy", "emailFolded")]) }
        #expect(throws: QueryError.self) { try UserList(queryItems: [QueryItem("sortBy", "id; DROP TABLE x")]) }
    }

    @Test("Who withdraws is gone at once, and the address may sign up again as someone else", arguments: [true, false])
    func withdraw(byOwner: Bool) async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let caller = try await fixture.caller(pair)
        if byOwner {
            _ = try await fixture.accounts.withdraw(caller)
        } else {
            #expect(try await fixture.accounts.deleteUser(pair.userID, .secretKey).body == ["success": true])
        }
        #expect(await code { try await fixture.accounts.authenticate(pair.access) } == "auth/session-expired")
        #expect(await code { try await fixture.refresh(pair.refresh) } == "auth/session-expired")
        #expect(await code { try await fixture.signIn() } == "auth/invalid-credentials")
        #expect(await code { try await fixture.accounts.user(pair.userID, .secretKey) } == "user/not-found")
        #expect(await code { try await fixture.accounts.deleteUser(pair.userID, .secretKey) } == "user/not-found")
        let hashes = try await fixture.database.pool.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM account_passwords")
        }
        #expect(hashes == 0)
        #expect(try await fixture.signUp().userID != pair.userID)
    }

    @Test("Sessions list what the user signed in with, and end one by one")
    func sessions() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        fixture.clock.advance(seconds: 60)
        let second = try await fixture.signIn()
        let eve = try await fixture.signUp("eve@example.com")
        let caller = try await fixture.caller(second)
        let body = try await fixture.accounts.sessions(caller).body
        let items = try #require(body["items"]?.arrayValue)
        #expect(items.count == 2 && body["pagination"]?["total"] == 2)
        let moment = JSON.string(fixture.clock.now.description)
        let id = try await fixture.accounts.claims(of: second.access).sid
        #expect(
            items[0] == [
                "id": .string(id), "userId": .string(first.userID), "userAgent": "Tests/1", "ipAddress": "192.0.2.1",
                "deviceInfo": "a desk", "lastActivityAt": moment, "createdAt": moment,
            ])
        let firstID = try #require(items[1]["id"]?.stringValue)
        let stranger = try await fixture.caller(eve)
        #expect(await code { try await fixture.accounts.endSession(firstID, stranger) } == "auth/session-not-found")
        #expect(await code { try await fixture.accounts.endSession("unknown", caller) } == "auth/session-not-found")
        _ = try await fixture.accounts.endSession(firstID, caller)
        #expect(await code { try await fixture.accounts.endSession(firstID, caller) } == "auth/session-not-found")
        #expect(await code { try await fixture.accounts.authenticate(first.access) } == "auth/session-expired")
        _ = try await fixture.accounts.authenticate(second.access)
        #expect(try await fixture.accounts.sessions(caller).body["items"]?.arrayValue?.count == 1)
        fixture.clock.advance(seconds: 7 * 86_400)
        #expect(try await fixture.accounts.sessions(caller).body["items"]?.arrayValue?.isEmpty == true)
    }

    @Test("What needs a user refuses a key alone", arguments: [Caller.guest, .secretKey])
    func withoutUser(caller: Caller) async throws {
        let accounts = try AccountsFixture().accounts
        let client = AccountsFixture.client
        #expect(await code { try await accounts.me(caller) } == "common/authentication-required")
        #expect(await code { try await accounts.signOut(caller) } == "common/authentication-required")
        #expect(await code { try await accounts.sessions(caller) } == "common/authentication-required")
        #expect(await code { try await accounts.endSession("x", caller) } == "common/authentication-required")
        #expect(await code { try await accounts.withdraw(caller) } == "common/authentication-required")
        #expect(
            await code { try await accounts.changePassword([:], caller, client: client) }
                == "common/authentication-required")
    }

    @Test("What nobody can use any more is removed in time")
    func housekeeping() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        for _ in 0..<3 { try await fixture.signIn() }
        fixture.clock.advance(seconds: 31 * 86_400)
        try await fixture.signIn()
        let count = try await fixture.database.pool.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM account_sessions")
        }
        #expect(count == 1)
    }
}
