#if Server
/// A route and method of the server, as the metrics name the route.
package struct FuzzedRoute: Hashable, Sendable, CustomStringConvertible {
    package let method: String
    package let pattern: String

    init(_ method: String, _ pattern: String) {
        self.method = method
        self.pattern = pattern
    }

    package var description: String { "\(method) \(pattern)" }

    /// Every one that the server answers with more than 404 and 405.
    package static let all: [FuzzedRoute] = [
        FuzzedRoute("GET", "/health"),
        FuzzedRoute("GET", "/v1/data/:table"), FuzzedRoute("POST", "/v1/data/:table"),
        FuzzedRoute("GET", "/v1/data/:table/:id"), FuzzedRoute("PATCH", "/v1/data/:table/:id"),
        FuzzedRoute("DELETE", "/v1/data/:table/:id"),
        FuzzedRoute("GET", "/v1/data/:table/spec"), FuzzedRoute("GET", "/v1/data/:table/openapi"),
        FuzzedRoute("POST", "/v1/auth/email/signup"), FuzzedRoute("POST", "/v1/auth/email/signin"),
        FuzzedRoute("POST", "/v1/auth/refresh"), FuzzedRoute("GET", "/v1/auth/me"),
        FuzzedRoute("POST", "/v1/auth/signout"), FuzzedRoute("GET", "/v1/auth/sessions"),
        FuzzedRoute("DELETE", "/v1/auth/sessions/:id"), FuzzedRoute("POST", "/v1/auth/password/change"),
        FuzzedRoute("POST", "/v1/auth/password/reset/request"),
        FuzzedRoute("POST", "/v1/auth/password/reset/confirm"), FuzzedRoute("DELETE", "/v1/auth/withdraw"),
        FuzzedRoute("GET", "/v1/users"), FuzzedRoute("POST", "/v1/users"), FuzzedRoute("GET", "/v1/users/:id"),
        FuzzedRoute("PATCH", "/v1/users/:id"), FuzzedRoute("DELETE", "/v1/users/:id"),
        FuzzedRoute("GET", "/v1/users/:id/profile"), FuzzedRoute("PATCH", "/v1/users/:id/profile"),
        FuzzedRoute("PATCH", "/v1/users/:id/role"), FuzzedRoute("GET", "/v1/data/users"),
        FuzzedRoute("GET", "/v1/data/users/:id"),
    ]
}
#endif
