/// Why a query's parameters can't be taken: which parameter, where in it, and what would be right.
package struct QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The query parameter, `andFilters` for example.
    package var parameter: String
    /// The place inside the parameter, `price.$gt` for example; empty for the whole.
    package var path: String
    /// What is wrong and what is expected.
    package var message: String

    /// An error at a place.
    package init(parameter: String, path: String = "", message: String) {
        self.parameter = parameter
        self.path = path
        self.message = message
    }

    /// `andFilters at price.$gt: …`
    package var description: String {
        path.isEmpty ? "\(parameter): \(message)" : "\(parameter) at \(path): \(message)"
    }
}

/// How much a query may ask of the server (server.md, "Limits").
package struct QueryLimits: Hashable, Sendable {
    /// How deep the JSON of a filter may nest.
    package var depth = 16
    /// How many operators one query may hold.
    package var conditions = 200
    /// How many values `$in` or `$nin` may hold.
    package var listLength = 1_000
    /// How long a pattern may be, in UTF-8 bytes.
    package var patternLength = 1_000
    /// How long a search text may be, in UTF-8 bytes.
    package var searchLength = 1_000
    /// How many parts a dotted path may have.
    package var pathLength = 32

    /// The default limits.
    package init() {}
}
