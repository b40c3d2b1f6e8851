import BkendTransport
import BkendWire

extension BkendError: CustomStringConvertible {
    /// One line: what was tried, what went wrong, and what to do.
    public var description: String {
        var text = operation.map { "\($0): " } ?? ""
        text += explanation
        if case .decoding = reason, operation?.isWrite == true {
            text += "; the write was applied"
        } else if mayHaveBeenApplied {
            text += "; check whether the write was applied before repeating it"
        }
        if let hint { text += "; " + hint }
        var notes: [String] = []
        if let requestID { notes.append("request \(requestID)") }
        if attempts > 1 { notes.append("\(attempts) attempts") }
        if !notes.isEmpty { text += " (" + notes.joined(separator: ", ") + ")" }
        return Redaction.redact(text)
    }

    var explanation: String {
        switch reason {
        case .server(let body):
            let details = body.details.filter { !body.message.contains($0.message) }.map {
                "\($0.field): \($0.message)"
            }
            let text = "the server answered \(body.status) \(body.code): \(body.message)"
            return details.isEmpty ? text : text + " [" + details.joined(separator: "; ") + "]"
        case .transport(let error): return error.description
        case .cancelled(let delivery):
            return delivery == .notSent ? "cancelled before anything was sent" : "cancelled after sending began"
        case .foreignAnswer(let status, let contentType, let detail):
            return
                "the response (status \(status), \(contentType ?? "no content type")) isn't from a bkend server: \(detail)"
        case .decoding(let error, let id):
            return "the response doesn't fit the model" + (id.map { ", record \($0)" } ?? "") + ": \(error)"
        case .encoding(let error): return "nothing was sent; the value can't be encoded: \(error)"
        case .notExpressible(let error): return error.description
        case .invalidArgument(let message), .unsupported(let message): return message
        case .sessionEnded: return "the user's session has ended"
        case .sessionStore(let message): return "the session can't be read or saved: \(message)"
        case .file(let failure): return failure.explanation
        }
    }

    /// A suggestion for a developer or an operator, if there is one.
    public var hint: String? {
        switch reason {
        // The server doesn't tell whether an address has an account.
        case .server(let body) where body.code == .invalidCredentials && operation?.table == "auth/email/signin":
            "the server gives the same response for an address without an account; sign up first if the address is new"
        case .server(let body): Self.hint(for: body.code)
        case .foreignAnswer: "check the client's URL, and check the network for a proxy or a sign-in page"
        case .decoding: "make the field optional, give it a default, or correct its type in the model"
        case .sessionEnded: "sign in again, or sign out to continue as a guest"
        case .file(.mayBeRegistered): "look for it in the list of files before uploading it again"
        case .file(.sourceChanged), .file(.damaged): "upload or download it again"
        case .file, .transport, .cancelled, .encoding, .notExpressible, .invalidArgument, .unsupported,
            .sessionStore:
            nil
        }
    }

    private static func hint(for code: ErrorCode) -> String? {
        switch code {
        case .invalidAPIKey, .invalidHeader: "check the key that the client uses"
        case .tableNotFound: "check the table's name, and that the key belongs to its environment"
        case .permissionDenied: "sign in, or change the table's permissions"
        case .scopeInsufficient: "give the key a scope for this table and operation"
        case .queryTimeout: "narrow the filter, or index the fields that it names"
        case .pageTooLarge: "request fewer rows per page, or select fewer fields; all() shrinks its pages automatically"
        case .rateLimitExceeded, .tooManyRequests: "send fewer requests, or allow more attempts in the retry policy"
        case .internalError: "check the server's log"
        case .cursorExpired: "compare all records, and follow the changes without a cursor"
        case .insufficientStorage: "make room, or ask whoever runs the server to"
        default: nil
        }
    }
}
