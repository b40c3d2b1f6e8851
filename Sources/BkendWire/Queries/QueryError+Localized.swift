public import Foundation

extension QueryError: LocalizedError {
    /// What is wrong with the query, and where.
    public var errorDescription: String? { description.asSentence }
}

extension FilterNotExpressible: LocalizedError {
    /// What the REST API can't say.
    public var errorDescription: String? { description.asSentence }
}
