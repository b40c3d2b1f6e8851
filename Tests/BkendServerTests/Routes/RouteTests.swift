import BkendWire
import Testing

@testable import BkendServer

@Suite struct RouteTests {
    @Test(
        "A path leads to its route, in both forms",
        arguments: [
            ("/health", "/health", ["", ""]), ("/v1/data/posts", "/v1/data/:table", ["posts", ""]),
            ("/v1/posts", "/v1/data/:table", ["posts", ""]), ("/v1/posts/", "/v1/data/:table", ["posts", ""]),
            ("/v1/data/posts/abc", "/v1/data/:table/:id", ["posts", "abc"]),
            ("/v1/posts/abc", "/v1/data/:table/:id", ["posts", "abc"]),
            ("/v1/data/posts/spec", "/v1/data/:table/spec", ["posts", ""]),
            ("/v1/posts/openapi", "/v1/data/:table/openapi", ["posts", ""]),
            ("/v1/p%6Fsts/a%2Fb", "/v1/data/:table/:id", ["posts", "a/b"]),
            ("/v1/_audit", "/v1/data/:table", ["_audit", ""]),
            ("/v1/posts/a+b", "/v1/data/:table/:id", ["posts", "a+b"]),
            ("/v1/posts//", "/v1/data/:table/:id", ["posts", ""]),
        ])
    func routes(path: String, pattern: String, values: [String]) throws {
        let match = try RouteTree.all.match(path.utf8)
        #expect(match.pattern == pattern)
        #expect([match.table, match.id] == values)
    }

    @Test("No two routes have one method and pattern, and each is found by its own path")
    func table() throws {
        for route in Route.all {
            for path in route.paths {
                let path = path.replacing(":table", with: "t").replacing(":id", with: "x")
                let match = try RouteTree.all.match(path.utf8)
                #expect(match.routes.filter { $0.method == route.method }.count == 1, "\(route.pattern)")
                #expect(match.route(route.method) === route, "\(path)")
            }
        }
    }

    @Test(
        "A path that leads nowhere is 404",
        arguments: [
            "", "/", "/v1", "/v1/", "/v1/data", "/v2/posts", "/v1/data/posts/a/b", "/v1/auth",
            "/V1/posts",
            "/v1/files/x/y", "/storage", "/storage/", "/v1/sessions", "/v1/accounts", "posts", "/healthy", "/health/x",
            "/v1/posts/a/b",
        ])
    func unknown(path: String) {
        let error = #expect(throws: ErrorBody.self) { try RouteTree.all.match(path.utf8) }
        #expect(error?.code == .routeNotFound || error?.fields == ["table"])
    }

    @Test(
        "A table's name that can't be one is a 400 that says so",
        arguments: [
            "/v1/data/a%00b", "/v1/..", "/v1/data/%2E%2E", "/v1/%F0%9F%98%80", "/v1/po'sts", "/v1/data/a%22b",
            "/v1/$where",
            "/v1/data/1abc", "/v1/a%2Fb", "/v1/data/accounts", "/v1/;DROP%20TABLE", "/v1//x",
        ])
    func badNames(path: String) {
        let error = #expect(throws: ErrorBody.self) { try RouteTree.all.match(path.utf8) }
        #expect(error?.status == 400)
        #expect(error?.fields == ["table"])
    }

    @Test(
        "Malformed percent-encoding is a 400", arguments: ["/v1/a%", "/v1/a%2", "/v1/%zz", "/v1/%FF", "/v1/t/%C3%28"])
    func badEncoding(path: String) {
        let error = #expect(throws: ErrorBody.self) { try RouteTree.all.match(path.utf8) }
        #expect(error?.code == .invalidParameters)
    }

    @Test(
        "A request's id is taken when it can go into a header and a log line",
        arguments: [
            ("abc-1.2_3:4", true), ("", false), ("a b", false), ("a\"b", false), ("é", false),
            (String(repeating: "a", count: 129), false),
        ])
    func requestIDs(id: String, isTaken: Bool) {
        var random = SystemRandomNumberGenerator()
        let ids = RequestIDs(using: &random)
        #expect((ids.id(asked: id) == id) == isTaken)
        #expect(ids.id(asked: nil) != ids.id(asked: nil))
        #expect(RequestIDs.isSound(ids.id(asked: nil)))
    }
}

extension ErrorBody {
    var fields: [String] { details.map(\.field) }
}
