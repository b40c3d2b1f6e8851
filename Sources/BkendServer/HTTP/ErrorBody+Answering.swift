#if Server
import BkendDocuments
import BkendWire
import GRDB

extension ErrorBody {
    /// The answer to what was thrown. What isn't the caller's fault says nothing of paths or SQL.
    init(answering error: any Error) {
        switch error {
        case let body as ErrorBody: self = body
        case let query as QueryError:
            let field = query.path.isEmpty ? query.parameter : "\(query.parameter).\(query.path)"
            let detail = Detail(field: field, rule: "query", message: query.message)
            self.init(.validationError, query.description, details: [detail])
        case let error as InvalidPattern: self = Self.pattern(error.description)
        case let error as PatternLimitExceeded: self = Self.pattern(error.description)
        case is QueryTimedOut:
            self.init(.queryTimeout, "the query took longer than this server allows; narrow it, or add an index")
        case let error as InvalidDocument: self.init(.validationError, error.description)
        case let error as DatabaseError: self.init(database: error)
        default: self = .internalFailure
        }
    }

    private init(database error: DatabaseError) {
        switch error.resultCode {
        case .SQLITE_FULL: self.init(.insufficientStorage, "the server's disk is full; nothing was changed")
        default: self = .internalFailure
        }
    }

    private static func pattern(_ message: String) -> ErrorBody {
        let detail = Detail(field: "$regex", rule: "pattern", message: message)
        return ErrorBody(.validationError, message, details: [detail])
    }

    private static let internalFailure = ErrorBody(
        .internalError, "the server failed; its log has more under the id in X-Request-Id")
}
#endif
