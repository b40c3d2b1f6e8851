import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendWire
import Foundation

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
        case let error as StorageFailure: self = error.kind == .full ? Self.diskFull : .internalFailure
        case let error as StorageError where error.reason == .cannotOpen(errno: ENOSPC):
            self = Self.diskFull
        case let error as DatabaseSizeReached:
            let message =
                "the environment's database and its log have reached the \(error.maximumBytes) bytes that they may have "
                + "together, while slow reads hold the log; nothing was changed, try again"
            self.init(.insufficientStorage, message)
        case let failure as any AnsweredFailure: self = failure.answer
        case let refused as QueueRefused: self = refused.body
        case let full as UserStorageFull: self = full.body
        case is ClientGone, is QueryAbandoned: self = Self.clientGone
        default: self = .internalFailure
        }
    }

    private static let diskFull = ErrorBody(.insufficientStorage, "the server's disk is full; nothing was changed")

    /// Nobody reads it; logs and metrics count it apart from failures (499, as nginx has it).
    private static let clientGone = ErrorBody(
        "common/client-closed-request", "the client closed the connection before its request was done", status: 499)

    private static func pattern(_ message: String) -> ErrorBody {
        let detail = Detail(field: "$regex", rule: "pattern", message: message)
        return ErrorBody(.validationError, message, details: [detail])
    }

    private static let internalFailure = ErrorBody(
        .internalError, "the server failed; its log has more under the id in X-Request-Id")
}
