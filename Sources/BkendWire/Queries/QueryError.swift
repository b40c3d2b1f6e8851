/// Why a query's parameters can't be taken: which parameter, where in it, and what would be right.
public struct QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The query parameter, `andFilters` for example.
    public var parameter: String
    /// The place inside the parameter, `price.$gt` for example; empty for the whole.
    public var path: String
    /// What is wrong and what is expected.
    public var message: String

    /// An error at a place.
    public init(parameter: String, path: String = "", message: String) {
        self.parameter = parameter
        self.path = path
        self.message = message
    }

    /// `andFilters at price.$gt: …`
    public var description: String { path.isEmpty ? "\(parameter): \(message)" : "\(parameter) at \(path): \(message)" }
}

/// How much a query may ask of the server (server.md, "Limits").
public struct QueryLimits: Hashable, Sendable {
    /// How deep the JSON of a filter may nest.
    public var depth = 16
    /// How many operators one query may hold.
    public var conditions = 200
    /// How many values `$in` or `$nin` may hold.
    public var listLength = 1_000
    /// How long a pattern may be, in UTF-8 bytes.
    public var patternLength = 1_000
    /// How long a search text may be, in UTF-8 bytes.
    public var searchLength = 1_000
    /// How many parts a dotted path may have.
    public var pathLength = 32

    /// The default limits.
    public init() {}
}
