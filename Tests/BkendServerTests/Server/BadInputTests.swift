import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// What no server should fall for: each a 4xx with the documented code and a message that names the field, and the
/// server goes on.
@Suite struct BadInputTests {
    static let tables: JSON = [
        "tables": [["name": "t", "schema": ["properties": ["n": ["type": "int"], "s": ["type": "string"]]]]]
    ]

    @Test("A body that is no JSON object is refused and leaves nothing behind")
    func bodies() async throws {
        try await withServer(tables: Self.tables) { server in
            let cases: [(String, String)] = [
                ("{", "body"), (#"{"a":1,}"#, "body"), (#"{"a":1,"a":2}"#, "body"), ("[1]", "[0]"), ("5", "body"),
                (#""x""#, "body"), ("null", "body"), (#"{"a":01}"#, "body"), (#"{"a":NaN}"#, "body"),
                (#"{"a":1}x"#, "body"),
                (#"{"a":"\ud800"}"#, "body"), (#"{"a":1e999}"#, "body"), (#"{"$set":{"n":1}}"#, "$set"),
                (#"{"a.b":1}"#, "a.b"), (#"{"":1}"#, "body"), (#"{"a":{"$gt":1}}"#, "a.$gt"), (#"{"n":"1"}"#, "n"),
                (#"{"n":1.5}"#, "n"), (#"{"s":{"$ne":null}}"#, "s"), (#"{"a\u0000b":1}"#, "a\u{0}b"),
                (String(repeating: "[", count: 100), "body"), ("{\"a\":" + String(repeating: "[", count: 70), "body"),
            ]
            for (body, field) in cases {
                let answer = try await server.admin.send("POST", "/v1/t", body: Array(body.utf8))
                #expect(answer.status == 400, "\(body)")
                #expect(answer.code == "data/validation-error", "\(body)")
                #expect(answer.fields == [field], "\(body)")
            }
            let invalid = try await server.admin.send("POST", "/v1/t", body: [0x7B, 0x22, 0xFF, 0x22, 0x7D])
            #expect(invalid.status == 400)
            #expect(try await server.admin.send("POST", "/v1/t", body: []).status == 400)
            #expect(try await server.admin.get("/v1/t").json["pagination"]?["total"] == 0)
        }
    }

    @Test("A body of another type, or too large, is refused before it is looked at")
    func typesAndSizes() async throws {
        try await withServer(tables: Self.tables) {
            $0.limits.bodyBytes = 4_096
        } _: { server in
            let small: [UInt8] = Array(#"{"n":1}"#.utf8)
            for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
                let answer = try await server.admin.send("POST", "/v1/t", body: small, type: type)
                #expect(answer.status == 415)
                #expect(answer.code == "common/unsupported-media-type")
            }
            for type in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json", nil] {
                #expect(try await server.admin.send("POST", "/v1/t", body: small, type: type).status == 201)
            }
            let large = Array(#"{"s":"\#(String(repeating: "a", count: 10_000_000))"}"#.utf8)
            let answer = try await server.admin.send("POST", "/v1/t", body: large)
            #expect(answer.status == 413)
            #expect(answer.code == "common/payload-too-large")
            let edge = Array(#"{"s":"\#(String(repeating: "a", count: 4_096 - 8))"}"#.utf8)
            #expect(try await server.admin.send("POST", "/v1/t", body: edge).status == 201)
            #expect(try await server.admin.send("POST", "/v1/t", body: edge + [0x20]).status == 413)
            // Without a length: the limit holds for what arrives.
            let chunk = "2000\r\n" + String(repeating: " ", count: 8_192) + "\r\n0\r\n\r\n"
            let head = server.admin.request("POST", "/v1/t", ["Transfer-Encoding": "chunked"])
            let port = server.admin.port
            let chunked = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(head + Array(chunk.utf8))
                return try connection.answer()
            }
            #expect(chunked?.status == 413)
        }
    }

    @Test("A query that can't be meant is a 400 that names the parameter")
    func queries() async throws {
        try await withServer(tables: Self.tables) { server in
            let cases: [(String, String, String)] = [
                ("page", "0", "page"), ("page", "-1", "page"), ("page", "x", "page"), ("page", "1.5", "page"),
                ("page", "99999999999999999999", "page"), ("limit", "0", "limit"), ("limit", "-5", "limit"),
                ("offset", "-1", "offset"), ("sortDirection", "up", "sortDirection"),
                ("sortBy", "$where", "sortBy.$where"),
                ("sortBy", "a..b", "sortBy.a..b"), ("andFilters", "{", "andFilters"),
                ("andFilters", "[]", "andFilters"),
                ("andFilters", #"{"n":{"$where":"1"}}"#, "andFilters.n.$where"),
                ("andFilters", #"{"$or":[]}"#, "andFilters.$or"),
                ("andFilters", #"{"n":{"$in":5}}"#, "andFilters.n.$in"),
                ("andFilters", #"{"s":{"$regex":"("}}"#, "$regex"),
                ("orFilters", #"{"n":{"$exists":"x"}}"#, "orFilters.n.$exists"),
                ("andFilters[$where]", "1", "andFilters.$where"),
                ("search", String(repeating: "a", count: 1_001), "search"),
                ("select", "$x", "select.$x"),
            ]
            for (name, value, field) in cases {
                let answer = try await server.admin.list("/v1/t", [(name, value)])
                #expect(answer.status == 400, "\(name)=\(value)")
                #expect(answer.code == "data/validation-error", "\(name)=\(value)")
                #expect(answer.fields == [field], "\(name)=\(value)")
            }
            #expect(try await server.admin.get("/v1/t?page=%zz").status == 400)
            #expect(try await server.admin.list("/v1/t", [("limit", "200")]).json["pagination"]?["limit"] == 100)
            #expect(try await server.admin.list("/v1/t", [("page", "9223372036854775807")]).status == 200)
            let long = String(repeating: "a", count: 20_000)
            #expect(try await server.admin.get("/v1/t?x=\(long)").code == "common/invalid-parameters")
            #expect(try await server.admin.get("/v1/t/\(long.prefix(2_000))").code == "common/invalid-parameters")
            #expect(try await server.admin.get("/health").status == 200)
        }
    }

    @Test("Ids and names made to break out are looked up as text, or refused")
    func injections() async throws {
        try await withServer(tables: Self.tables) { server in
            let id = try await server.admin.post("/v1/t", ["n": 1]).id
            for evil in [
                "' OR '1'='1", "%00", "a%00b", "..", "%2e%2e", "%F0%9F%98%80", "$ne", "';DROP TABLE c1;--", "%22",
            ] {
                let path = evil.contains("%") ? evil : QueryItem.percentEncode(evil)
                for method in ["GET", "DELETE"] {
                    let answer = try await server.admin.send(method, "/v1/data/t/\(path)")
                    #expect(answer.status == 404, "\(evil)")
                    #expect(answer.code == "data/not-found", "\(evil)")
                    #expect(answer.fields == ["id"], "\(evil)")
                }
                let table = try await server.admin.get("/v1/data/\(path)")
                #expect(table.status == 400, "\(evil)")
                #expect(table.fields == ["table"], "\(evil)")
            }
            let filter = #"{"s":{"$eq":"' OR 1=1 --"}}"#
            #expect(try await server.admin.list("/v1/t", [("andFilters", filter)]).items.isEmpty)
            #expect(try await server.admin.list("/v1/t", [("sortBy", "n; DROP TABLE c1")]).items.count == 1)
            #expect(try await server.admin.get("/v1/t/\(id)").status == 200)
            #expect(try await server.admin.get("/v1/nothing").code == "data/table-not-found")
        }
    }

    @Test("A wrong method is told the right ones")
    func methods() async throws {
        try await withServer(tables: Self.tables) { server in
            let put = try await server.admin.send("PUT", "/v1/t/x", body: [0x7B, 0x7D])
            #expect(put.status == 405)
            #expect(put.headers["allow"] == "GET, HEAD, PATCH, DELETE, OPTIONS")
            #expect(try await server.admin.send("POST", "/health", body: []).status == 405)
            let head = try await server.admin.send("HEAD", "/v1/t")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
        }
    }

    @Test("A query past its time is stopped with a 400 of its own")
    func timeLimit() async throws {
        try await withServer(tables: Self.tables) {
            $0.limits.queryMilliseconds = 0
        } _: { server in
            let records = (0..<500).map { JSON.object(["n": .int(Int64($0)), "s": "abc"]) }
            _ = try await server.admin.post("/v1/t", .array(records))
            let answer = try await server.admin.list("/v1/t", [("andFilters", #"{"s":{"$regex":"z"}}"#)])
            #expect(answer.status == 400)
            #expect(answer.code == "data/query-timeout")
            #expect(try await server.admin.get("/health").status == 200)
        }
    }
}
