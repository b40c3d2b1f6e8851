import Testing

@testable import BkendAccounts

@Suite("Who may do what to users (rest-api.md §8a)")
struct UserRulesTests {
    static let callers: [(String, Caller)] = [
        ("secret key", .secretKey), ("guest", .guest),
        ("admin", Caller(userID: "me", role: "admin", sessionID: "s")),
        ("user", Caller(userID: "me", role: "user", sessionID: "s")),
        ("role guest", Caller(userID: "me", role: "guest", sessionID: "s")),
        ("custom role", Caller(userID: "me", role: "Admin", sessionID: "s")),
        ("user with secret key", Caller(.admin, userID: "me", role: "user", sessionID: "s")),
    ]

    @Test("Every caller, every action, on themself and on another", arguments: callers)
    func table(name: String, caller: Caller) {
        for action in UserRules.Action.allCases {
            for target in ["me", "another", nil] as [String?] {
                let expected: UserRules.Verdict =
                    switch name {
                    case "secret key", "admin", "user with secret key": .allowed
                    case "guest": .signInFirst
                    default:
                        target == "me" && [.read, .update, .delete].contains(action) ? .allowed : .forbidden
                    }
                #expect(
                    UserRules.verdict(on: action, by: caller, to: target) == expected,
                    "\(name) \(action) \(target ?? "-")")
            }
        }
    }

    @Test(
        "A key that is limited by scopes gives no role, whoever calls; the rest is decided as ever", arguments: callers)
    func limitedKey(name: String, caller: Caller) throws {
        var limited = caller
        limited.scopes = [try #require(KeyScope("users:*"))]
        for action in UserRules.Action.allCases {
            let verdict = UserRules.verdict(on: action, by: limited, to: "me")
            let expected = UserRules.verdict(on: action, by: caller, to: "me")
            #expect(verdict == (action == .changeRole ? .keyIsLimited : expected), "\(name) \(action)")
        }
    }
}
