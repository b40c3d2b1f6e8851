import BkendServer

/// A route and method of the server, as the metrics name the route.
package struct FuzzedRoute: Hashable, Sendable, CustomStringConvertible {
    package let method: String
    package let pattern: String

    init(_ method: String, _ pattern: String) {
        self.method = method
        self.pattern = pattern
    }

    /// Whether it is about files.
    var isOfFiles: Bool {
        pattern.hasPrefix("/v1/files") || pattern.hasPrefix("/v1/data/files") || pattern.hasPrefix("/storage")
            || pattern.hasPrefix("/img")
            || pattern.contains("/avatar")
    }

    package var description: String { "\(method) \(pattern)" }

    /// Every one that the server answers with more than 404 and 405.
    package static let all = RouteBudget.routes.map { FuzzedRoute($0.method, $0.pattern) }
}
