import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// rest-api.md §1, §2, §3, row by row.
@Suite struct ContractBasicsTests {
    @Test("§1 Keys, headers, callers") func section1() async throws { try await ContractRow.check(Self.keys) }

    @Test("§2 Paths, answers, errors") func section2() async throws { try await ContractRow.check(Self.paths) }

    @Test("§3 Records") func section3() async throws { try await ContractRow.check(Self.records) }

    static let keys: [ContractRow] = [
        ContractRow("X-API-Key is required: without it 400 data/invalid-header") { world in
            try await world.bare([:]).get("/v1/data/open").code == "data/invalid-header"
        },
        ContractRow("Authorization: Bearer sk_… is taken in its place") { world in
            try await world.bare(["Authorization": "Bearer \(world.keys.secretKey)"]).get("/v1/open").status == 200
        },
        ContractRow("Authorization: Bearer pk_… is taken in its place") { world in
            try await world.bare(["Authorization": "Bearer \(world.keys.publishableKey)"]).get("/v1/open").status == 200
        },
        ContractRow("A key is pk_ or sk_ and 64 hex digits: another form is 401 auth/invalid-api-key") { world in
            try await world.bare(["X-API-Key": "pk_12"]).get("/v1/open").code == "auth/invalid-api-key"
        },
        ContractRow("An unknown key is 401") { world in
            let key = "pk_" + String(repeating: "0", count: 64)
            return try await world.bare(["X-API-Key": key]).get("/v1/open").status == 401
        },
        ContractRow("The key carries project and environment: another one's sees none of the records") { world in
            try await TestClient(world.server.url, key: world.otherKeys.secretKey).get("/v1/articles").items.isEmpty
        },
        ContractRow("A key's scopes bind: what they don't name is 403 data/scope-insufficient") { world in
            try await world.scoped.get("/v1/open").code == "data/scope-insufficient"
        },
        ContractRow("Scopes are checked before permissions") { world in
            try await world.scoped.delete("/v1/own/x").code == "data/scope-insufficient"
        },
        ContractRow("A scope opens what it names") { world in
            try await world.scoped.get("/v1/open/none").code == "data/not-found"
        },
        ContractRow("sk_ is an administrator") { world in try await world.admin.get("/v1/_log").status == 200 },
        ContractRow("pk_ with an administrator's token is one too") { world in
            try await world.boss.client.get("/v1/_log").status == 200
        },
        ContractRow("pk_ with a user's token is a user") { world in
            try await world.ada.client.get("/v1/_log").code == "data/system-table-access"
        },
        ContractRow("pk_ alone is a guest") { world in try await world.guest.post("/v1/open", ["a": 1]).status == 403 },
        ContractRow("A token of another environment is 403 data/project-access-denied") { world in
            let client = TestClient(
                world.server.url, key: world.otherKeys.publishableKey, token: world.ada.accessToken)
            return try await client.get("/v1/open").code == "data/project-access-denied"
        },
        ContractRow("Any web page may call, and read the headers it needs") { world in
            let answer = try await world.guest.send("GET", "/v1/open", ["Origin": "https://app.example"])
            let exposed = answer.headers["access-control-expose-headers"] ?? ""
            let names = ["ETag", "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-Request-Id"]
            return answer.headers["access-control-allow-origin"] == "*" && names.allSatisfy(exposed.contains)
        },
        ContractRow("A preflight allows the three request headers") { world in
            let answer = try await world.bare([:]).send(
                "OPTIONS", "/v1/open", ["Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"])
            let allowed = answer.headers["access-control-allow-headers"] ?? ""
            return ["X-API-Key", "Authorization", "Content-Type"].allSatisfy(allowed.contains)
        },
        ContractRow("Answers are compact JSON") { world in
            let answer = try await world.guest.get("/v1/articles?limit=1")
            return answer.text.contains(#""hasNext":false"#)
                && answer.headers["content-type"]?.hasPrefix("application/json") == true
        },
        ContractRow("A whole double has no .0, and 64-bit integers are exact") { world in
            let body = Array(#"{"d":2.0,"i":9007199254740993,"m":-9223372036854775808}"#.utf8)
            let answer = try await world.admin.send("POST", "/v1/open", body: body)
            return answer.text.contains(#""d":2,"i":9007199254740993,"m":-9223372036854775808,"#)
        },
        ContractRow("An empty body with a JSON type is fine where none is needed") { world in
            let record = try await world.admin.post("/v1/open", ["a": 1])
            return try await world.admin.send("DELETE", "/v1/open/\(record.id)", body: []).status == 200
        },
        ContractRow("X-RateLimit-Limit and X-RateLimit-Remaining are on answers") { world in
            let headers = try await world.guest.get("/v1/open").headers
            return headers["x-ratelimit-limit"] != nil && headers["x-ratelimit-remaining"] != nil
        },
    ]

    static let paths: [ContractRow] = [
        ContractRow("/v1/data/:table and /v1/:table are the same route") { world in
            let (long, short) = (
                try await world.guest.get("/v1/data/articles"), try await world.guest.get("/v1/articles")
            )
            return long.status == 200 && long.body == short.body
        },
        ContractRow("Reserved words are no tables") { world in
            for word in ["auth", "accounts", "sessions"] {
                guard try await world.admin.get("/v1/\(word)").status == 404 else { return false }
            }
            return true
        },
        ContractRow("/v1/data/users is a read-only view for administrators") { world in
            let view = try await world.admin.get("/v1/data/users")
            let user = try await world.ada.client.get("/v1/data/users")
            let post = try await world.admin.post("/v1/data/users", [:])
            return view.items.count == 3 && user.code == "data/system-table-access" && post.status == 405
        },
        ContractRow("A table's name has at most 64 characters of letters, digits, _ and -") { world in
            for name in ["1a", "a.b", "a%20b", String(repeating: "a", count: 65)] {
                guard try await world.admin.get("/v1/data/\(name)").code == "data/validation-error" else {
                    return false
                }
            }
            return true
        },
        ContractRow("Names are case-sensitive") { world in
            try await world.admin.get("/v1/data/Articles").code == "data/table-not-found"
        },
        ContractRow("A leading _ marks a system table") { world in
            try await world.guest.get("/v1/data/_log").code == "data/system-table-access"
        },
        ContractRow("POST :table creates: 201, the record, the fields without a wrapper") { world in
            let answer = try await world.ada.client.post("/v1/data/articles", ["title": "Second"])
            return answer.status == 201 && answer.json["title"] == "Second" && !answer.id.isEmpty
        },
        ContractRow("An array body creates many: 201, {items}") { world in
            let answer = try await world.admin.post("/v1/data/open", [["n": 1], ["n": 2]])
            return answer.status == 201 && answer.items.map { $0["n"] } == [1, 2]
        },
        ContractRow("All or nothing") { world in
            let before = try await world.admin.get("/v1/articles").json["pagination"]?["total"]
            let answer = try await world.admin.post("/v1/articles", [["title": "x"], ["title": ""], [:]])
            let after = try await world.admin.get("/v1/articles").json["pagination"]?["total"]
            return answer.status == 400 && answer.fields == ["[1].title", "[2].title"] && before == after
        },
        ContractRow("GET :table/:id answers the record") { world in
            try await world.guest.get("/v1/data/articles/\(world.record.id)").json["title"] == "First"
        },
        ContractRow("GET :table answers {items, pagination}") { world in
            try await world.guest.get("/v1/data/articles").json.objectValue?.keys == ["items", "pagination"]
        },
        ContractRow("PATCH sets the given fields, keeps the rest, and answers the whole record") { world in
            let record = try await world.admin.post("/v1/open", ["a": 1, "b": 2])
            let answer = try await world.admin.patch("/v1/open/\(record.id)", ["b": 3])
            return answer.status == 200 && answer.json["a"] == 1 && answer.json["b"] == 3
        },
        ContractRow("A field set to null is stored as null") { world in
            let record = try await world.admin.post("/v1/open", ["a": 1])
            return try await world.admin.patch("/v1/open/\(record.id)", ["a": nil]).text.contains(#""a":null"#)
        },
        ContractRow("DELETE deletes for good: 200 {success:true}, then 404") { world in
            let record = try await world.admin.post("/v1/open", ["a": 1])
            let answer = try await world.admin.delete("/v1/open/\(record.id)")
            let again = try await world.admin.get("/v1/open/\(record.id)")
            return answer.text == #"{"success":true}"# && answer.status == 200 && again.code == "data/not-found"
        },
        ContractRow("spec: schema, indexes, permissions, for administrators and users who may read") { world in
            let spec = try await world.ada.client.get("/v1/data/articles/spec")
            let names = ["tableName", "schema", "indexes", "permissions", "columnPermissions", "additionalProperties"]
            let guest = try await world.guest.get("/v1/data/articles/spec")
            return names.allSatisfy { spec.json[$0] != nil } && spec.json["indexes"]?[0]?["key"] == ["id": 1]
                && guest.status == 403
        },
        ContractRow("openapi: OpenAPI 3.0.0 of the table's five operations") { world in
            let json = try await world.ada.client.get("/v1/data/articles/openapi").json
            let paths = json["paths"]
            let table = paths?["/v1/data/articles"]?.objectValue?.keys
            let record = paths?["/v1/data/articles/{id}"]?.objectValue?.keys
            return json["openapi"] == "3.0.0" && table == ["get", "post"]
                && record == ["parameters", "get", "patch", "delete"]
        },
        ContractRow("Errors have the one shape that clients can read") { world in
            let json = try await world.admin.post("/v1/articles", [:]).json
            return json["success"] == false && json["statusCode"] == 400 && json["code"] == "data/validation-error"
                && json["error"]?["code"] == "data/validation-error"
                && json["error"]?["details"]?[0]?.objectValue?.keys == ["field", "rule", "message"]
                && json["message"]?.stringValue?.hasPrefix("data/validation-error: title is required") == true
        },
    ]

    static let records: [ContractRow] = [
        ContractRow("id is 24 hex digits of an ObjectId") { world in
            world.record.id.count == 24 && world.record.id.allSatisfy(\.isHexDigit)
        },
        ContractRow("createdBy is the user, and empty for a guest's and a secret key's records") { world in
            let admin = try await world.admin.post("/v1/open", ["a": 1])
            return world.record.json["createdBy"] == .string(world.ada.id) && admin.json["createdBy"] == ""
        },
        ContractRow("createdAt and updatedAt are UTC with milliseconds and Z, and equal on create") { world in
            world.record.json["createdAt"] == "2026-01-01T00:00:00.000Z"
                && world.record.json["updatedAt"] == world.record.json["createdAt"]
        },
        ContractRow("A client's values for system fields are ignored on create and update") { world in
            let values: JSON = ["id": "x", "createdBy": "x", "createdAt": "x", "updatedAt": "x", "a": 1]
            let created = try await world.admin.post("/v1/open", values)
            let changed = try await world.admin.patch("/v1/open/\(created.id)", values)
            return created.status == 201 && created.id.count == 24 && changed.body == created.body
        },
        ContractRow("updatedAt moves on every effective update, even when the clock stands still") { world in
            let record = try await world.admin.post("/v1/open", ["a": 1])
            let changed = try await world.admin.patch("/v1/open/\(record.id)", ["a": 2])
            return changed.json["updatedAt"] == "2026-01-01T00:00:00.001Z"
        },
        ContractRow("An update that changes nothing moves nothing") { world in
            let record = try await world.admin.post("/v1/open", ["a": 1])
            return try await world.admin.patch("/v1/open/\(record.id)", ["a": 1]).body == record.body
        },
        ContractRow("updatedAt never goes backwards, when the clock does") { world in
            let record = try await world.admin.post("/v1/open", ["a": 1])
            world.clock.set("2025-01-01T00:00:00.000Z")
            let changed = try await world.admin.patch("/v1/open/\(record.id)", ["a": 2])
            world.clock.set("2026-01-01T00:00:00.000Z")
            return changed.json["updatedAt"] == "2026-01-01T00:00:00.001Z"
        },
    ]
}
