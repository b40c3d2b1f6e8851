#if Server
/// How long a request may take to come. Whatever the route, an answer must make progress while its bytes wait for the
/// client (`ConnectionWatch`), and an answer of which no byte waits may take as long as it needs.
enum RouteDeadline: Hashable, Sendable {
    /// The whole request, from the end of its head to the last byte of its body, within so many seconds; no byte
    /// extends them.
    case whole(seconds: Int)
    /// As long as its body makes progress: what is large.
    case progress
    /// As long as it likes: what stays open.
    case none
}

extension Route {
    /// How long a request may take to come.
    func deadline(under limits: ServerLimits) -> RouteDeadline {
        switch self {
        case .health, .table, .record, .spec, .openAPI, .account: .whole(seconds: limits.requestSeconds)
        }
    }
}

extension RouteDeadline {
    /// The deadline of a request by its target; one that leads nowhere has that of records.
    init(target: String, limits: ServerLimits) {
        let route = try? Route(path: target.utf8.prefix { $0 != 0x3F })
        self = route?.deadline(under: limits) ?? .whole(seconds: limits.requestSeconds)
    }
}
#endif
