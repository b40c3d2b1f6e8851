import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// rest-api.md §6, §7, §8, §8a, row by row.
@Suite struct ContractRulesTests {
    @Test("§6 Tables") func section6() async throws { try await ContractRow.check(Self.tables) }

    @Test("§7 Permissions") func section7() async throws { try await ContractRow.check(Self.permissions) }

    @Test("§8 Accounts") func section8() async throws { try await ContractRow.check(Self.accounts) }

    private static func refused(_ world: ContractWorld, _ body: JSON) async throws -> [String] {
        var body = body.objectValue ?? [:]
        if body["title"] == nil { body["title"] = "t" }
        let answer = try await world.admin.post("/v1/articles", .object(body))
        guard answer.status == 400 else { return ["status \(answer.status)"] }
        return zip(answer.fields, answer.rules).map { "\($0) \($1)" }
    }

    static let tables: [ContractRow] = [
        ContractRow("string") { world in try await refused(world, ["title": 5]) == ["title type"] },
        ContractRow("int refuses fractions") { world in try await refused(world, ["views": 1.5]) == ["views type"] },
        ContractRow("double takes any number") { world in
            try await world.admin.post("/v1/articles", ["title": "d", "price": 3]).json["price"] == 3
        },
        ContractRow("bool") { world in try await refused(world, ["isPublished": "no"]) == ["isPublished type"] },
        ContractRow("date must be ISO 8601") { world in try await refused(world, ["when": "soon"]) == ["when date"] },
        ContractRow("A date is stored normalised") { world in
            let body: JSON = ["title": "d", "when": "2025-01-08T10:00:00+01:00"]
            return try await world.admin.post("/v1/articles", body).json["when"] == "2025-01-08T09:00:00.000Z"
        },
        ContractRow("object, with nested properties") { world in
            try await refused(world, ["author": ["name": 5]]) == ["author.name type"]
        },
        ContractRow("array, with items") { world in try await refused(world, ["tags": ["a", 5]]) == ["tags.1 type"] },
        ContractRow("reference: its type is checked, its existence isn't") { world in
            let wrong = try await refused(world, ["parent": 5])
            let right = try await world.admin.post("/v1/articles", ["title": "r", "parent": "no-such-record"])
            return wrong == ["parent type"] && right.status == 201
        },
        ContractRow("required") { world in
            let answer = try await world.admin.post("/v1/articles", [:])
            return answer.fields == ["title"] && answer.rules == ["required"]
        },
        ContractRow("default") { world in
            let record = try await world.admin.post("/v1/articles", ["title": "d"])
            return record.json["views"] == 0 && record.json["isPublished"] == false
        },
        ContractRow("unique: 409 data/duplicate-value that names the field") { world in
            _ = try await world.admin.post("/v1/articles", ["title": "u", "slug": "one"])
            let again = try await world.admin.post("/v1/articles", ["title": "u", "slug": "one"])
            return again.code == "data/duplicate-value" && again.fields == ["slug"]
        },
        ContractRow("pattern") { world in try await refused(world, ["slug": "Not A Slug"]) == ["slug pattern"] },
        ContractRow("minimum") { world in try await refused(world, ["views": -1]) == ["views minimum"] },
        ContractRow("minLength, maxLength") { world in
            let long = JSON.string(String(repeating: "a", count: 21))
            let (short, tooLong) = (
                try await refused(world, ["title": ""]), try await refused(world, ["title": long])
            )
            return short == ["title minLength"] && tooLong == ["title maxLength"]
        },
        ContractRow("enum") { world in try await refused(world, ["category": "party"]) == ["category enum"] },
        ContractRow("All failures of a record are reported together") { world in
            try await refused(world, ["views": -1, "when": "x", "tags": 5]).count == 3
        },
        ContractRow("Dynamic keys: not empty, no dot, no U+0000, no leading $") { world in
            for body in [["": 1], ["a.b": 1], ["a\u{0}": 1], ["$a": 1], ["a": ["$b": 1]]] as [JSON] {
                guard try await world.admin.post("/v1/open", body).status == 400 else { return false }
            }
            return true
        },
        ContractRow("Fields that the schema doesn't name are accepted") { world in
            try await world.admin.post("/v1/articles", ["title": "x", "extra": 1]).json["extra"] == 1
        },
        ContractRow("additionalProperties: false refuses them") { world in
            let answer = try await world.admin.post("/v1/strict", ["a": 1, "b": 2])
            return answer.fields == ["b"] && answer.rules == ["additionalProperties"]
        },
        ContractRow("PATCH validates what results") { world in
            try await world.admin.patch("/v1/articles/\(world.record.id)", ["title": nil]).fields == ["title"]
        },
        ContractRow("Every table has indexes on id, createdAt, updatedAt, createdBy") { world in
            let indexes = try await world.admin.get("/v1/data/open/spec").json["indexes"]?.arrayValue ?? []
            return indexes.compactMap { $0["key"] }.prefix(4) == [
                ["id": 1], ["createdAt": 1], ["updatedAt": 1], ["createdBy": 1],
            ]
        },
        ContractRow("A compound unique index") { world in
            _ = try await world.admin.post("/v1/places", ["shop": "a", "shelf": 1])
            let other = try await world.admin.post("/v1/places", ["shop": "a", "shelf": 2])
            return try await world.admin.post("/v1/places", ["shop": "a", "shelf": 1]).status == 409
                && other.status == 201
        },
        ContractRow("A sparse one leaves records without the fields alone") { world in
            let first = try await world.admin.post("/v1/places", ["x": 1]).status
            return try await world.admin.post("/v1/places", ["x": 2]).status == first && first == 201
        },
    ]

    static let permissions: [ContractRow] = [
        ContractRow("Not configured: users create, read and list, guests read and list") { world in
            let created = try await world.ada.client.post("/v1/open", ["a": 1])
            let path = "/v1/open/\(created.id)"
            let (guest, user) = (world.guest, world.ada.client)
            let allowed = [
                try await guest.get(path).status, try await guest.get("/v1/open").status,
                try await user.get(path).status,
            ]
            let denied = [
                try await guest.post("/v1/open", [:]).status, try await user.patch(path, ["a": 2]).status,
                try await user.delete(path).status,
            ]
            return created.status == 201 && allowed == [200, 200, 200] && denied == [403, 403, 403]
        },
        ContractRow("Administrators may always do everything") { world in
            let path = "/v1/own/\(try await world.ada.client.post("/v1/own", ["a": 1]).id)"
            return try await world.boss.client.patch(path, ["a": 2]).status == 200
        },
        ContractRow("self: the record's creator may, others get 403") { world in
            let path = "/v1/articles/\(world.record.id)"
            let other = try await world.eve.client.patch(path, ["views": 3])
            let owner = try await world.ada.client.patch(path, ["views": 3])
            return other.code == "data/permission-denied" && owner.status == 200
        },
        ContractRow("A list allowed by self alone holds the caller's own records") { world in
            _ = try await world.ada.client.post("/v1/own", ["a": 1])
            _ = try await world.eve.client.post("/v1/own", ["a": 1])
            let items = try await world.eve.client.get("/v1/own").items
            return items.map { $0["createdBy"] } == [.string(world.eve.id)]
        },
        ContractRow("Reading another's record where only self may read is 403") { world in
            let record = try await world.ada.client.post("/v1/own", ["a": 1])
            return try await world.eve.client.get("/v1/own/\(record.id)").code == "data/permission-denied"
        },
        ContractRow("An unreadable field is left out, and an unwritable one is 403") { world in
            let record = try await world.admin.post("/v1/articles", ["title": "s", "secret": "x"])
            let path = "/v1/articles/\(record.id)"
            let write = try await world.ada.client.post("/v1/articles", ["title": "s", "secret": "x"])
            return try await world.ada.client.get(path).json["secret"] == nil && record.json["secret"] == "x"
                && write.code == "data/permission-denied" && write.fields == ["secret"]
        },
        ContractRow("It counts as missing in filter and search") { world in
            let filtered = try await world.ada.client.list("/v1/articles", [("andFilters", #"{"secret":"x"}"#)])
            let searched = try await world.ada.client.list("/v1/articles", [("search", "x")])
            return filtered.items.isEmpty && searched.items.isEmpty
        },
        ContractRow("rowFilters narrow lists, are ORed, and $userId is the caller") { world in
            for (person, status) in [(world.ada, "draft"), (world.eve, "draft"), (world.eve, "published")] {
                _ = try await person.client.post("/v1/rows", ["status": .string(status)])
            }
            let items = try await world.ada.client.list("/v1/rows", [("sortDirection", "asc")]).items
            let all = try await world.admin.get("/v1/rows").items
            return items.map { $0["status"] } == ["draft", "published"] && all.count == 3
        },
        ContractRow("Row filters apply to lists alone") { world in
            let draft = try await world.eve.client.post("/v1/rows", ["status": "draft"])
            return try await world.ada.client.get("/v1/rows/\(draft.id)").status == 200
        },
    ]

    static let accounts: [ContractRow] = [
        ContractRow("signup: 201, tokens and user") { world in
            let answer = try await world.guest.post(
                "/v1/auth/email/signup", ["email": "new@example.com", "password": "abc123", "name": "New"])
            return answer.status == 201 && answer.json["tokenType"] == "Bearer" && answer.json["expiresIn"] == 3600
                && answer.json["user"]?["email"] == "new@example.com"
        },
        ContractRow("signin: 200, tokens and user") { world in
            let answer = try await world.server.signIn("ada@example.com")
            return answer.status == 200 && answer.json["user"]?["id"] == .string(world.ada.id)
        },
        ContractRow("refresh: 200, a new pair; within ten seconds the same again") { world in
            let person = Person(try await world.server.signIn("ada@example.com"), world.server)
            let first = try await world.server.refresh(person.refreshToken)
            let second = try await world.server.refresh(person.refreshToken)
            return first.status == 200 && first.json["refreshToken"] != .string(person.refreshToken)
                && second.body == first.body
        },
        ContractRow("me: 200, the user with every member of §8a") { world in
            try await world.ada.client.get("/v1/auth/me").json.objectValue?.keys == [
                "id", "role", "name", "nickname", "email", "image", "emailVerified", "onboardingStatus", "createdAt",
                "updatedAt",
            ]
        },
        ContractRow("sessions: {items, pagination}; DELETE sessions/:id: {message}") { world in
            _ = try await world.server.signUp("twice@example.com")
            let other = Person(try await world.server.signIn("twice@example.com"), world.server)
            let sessions = try await other.client.get("/v1/auth/sessions")
            let keys: [String] = [
                "id", "userId", "userAgent", "ipAddress", "deviceInfo", "lastActivityAt", "createdAt",
            ]
            let id = sessions.items.last?["id"]?.stringValue ?? ""
            let ended = try await other.client.delete("/v1/auth/sessions/\(id)")
            return sessions.json["pagination"] != nil && Set(sessions.items[0].objectValue?.keys ?? []) == Set(keys)
                && ended.status == 200 && ended.json["message"] != nil
        },
        ContractRow("signout: 200 {message}, and the token is refused at once") { world in
            let person = Person(try await world.server.signIn("boss@example.com"), world.server)
            let answer = try await person.client.post("/v1/auth/signout", [:])
            let last = try await person.client.get("/v1/auth/me").status
            return answer.status == 200 && answer.json["message"] != nil && last == 401
        },
        ContractRow("password/change: 200; every session ends") { world in
            let person = try await world.server.signUp("change@example.com")
            let body: JSON = ["currentPassword": .string(Person.password), "newPassword": "another horse 2"]
            let answer = try await person.client.post("/v1/auth/password/change", body)
            let old = try await person.client.get("/v1/auth/me")
            let last = try await world.server.signIn("change@example.com", "another horse 2").status
            return answer.status == 200 && old.status == 401 && last == 200
        },
        ContractRow("password/reset/request: the same answer for unknown addresses") { world in
            let path = "/v1/auth/password/reset/request"
            let known = try await world.guest.post(path, ["email": "ada@example.com"])
            let unknown = try await world.guest.post(path, ["email": "nobody@example.com"])
            return known.status == 200 && known.body == unknown.body
        },
        ContractRow("withdraw: 200, and the account is gone") { world in
            let person = try await world.server.signUp("gone@example.com")
            let answer = try await person.client.delete("/v1/auth/withdraw")
            let last = try await world.server.signIn("gone@example.com").code
            return answer.status == 200 && last == "auth/invalid-credentials"
        },
        ContractRow("Passwords: at least 6 characters") { world in
            let body: JSON = ["email": "weak@example.com", "password": "abc12"]
            return try await world.guest.post("/v1/auth/email/signup", body).code == "auth/weak-password"
        },
        ContractRow("GET users: administrators list all, users nothing") { world in
            let users = try await world.admin.get("/v1/users")
            let last = try await world.ada.client.get("/v1/users").status
            return users.items.count > 3 && last == 403
        },
        ContractRow("POST users: an administrator makes one, 201") { world in
            let body: JSON = ["email": "made@example.com", "password": "abc123", "role": "editor"]
            let answer = try await world.admin.post("/v1/users", body)
            return answer.status == 201 && answer.json["role"] == "editor"
        },
        ContractRow("Users manage themselves") { world in
            let path = "/v1/users/\(world.ada.id)"
            let read = try await world.ada.client.get(path)
            let changed = try await world.ada.client.patch(path, ["nickname": "ada"])
            let profile = try await world.ada.client.patch(path + "/profile", ["name": "Ada L."])
            return read.status == 200 && changed.json["nickname"] == "ada" && profile.json["name"] == "Ada L."
                && profile.json["id"] == .string(world.ada.id)
        },
        ContractRow("Others' accounts are 403 user/forbidden") { world in
            try await world.eve.client.get("/v1/users/\(world.ada.id)").code == "user/forbidden"
        },
        ContractRow("PATCH role is an administrator's") { world in
            let path = "/v1/users/\(world.eve.id)/role"
            let own = try await world.eve.client.patch(path, ["role": "admin"])
            let admin = try await world.admin.patch(path, ["role": "editor"])
            return own.status == 403 && admin.json["role"] == "editor"
        },
        ContractRow("DELETE users/:id: users delete themselves") { world in
            let person = try await world.server.signUp("leaver@example.com")
            return try await person.client.delete("/v1/users/\(person.id)").text == #"{"success":true}"#
        },
    ]
}
