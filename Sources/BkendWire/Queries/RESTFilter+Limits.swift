extension RESTFilter {
    /// Refuses what a server refuses, before it is asked: too many conditions, values or parts of a path, too long a
    /// pattern, names that can't be.
    ///
    /// - Throws: `QueryError` with the place and the limit.
    package func check(within limits: QueryLimits = QueryLimits()) throws(QueryError) {
        var reader = FilterReader(limits: limits)
        for (parameter, part) in [("andFilters", andFilters), ("orFilters", orFilters)] {
            guard let part else { continue }
            _ = try reader.conditions(json: part.description, parameter: parameter)
        }
    }
}
