/// What a connection must know about a request before it is handed on.
protocol RequestRules: Sendable {
    /// How long a request may take to come.
    func deadline(_ target: String, _ method: String, _ limits: ServerLimits) -> RouteDeadline

    /// The bytes of its body that are read.
    func bodyBytes(_ target: String, _ method: String, _ limits: ServerLimits) -> Int
}
