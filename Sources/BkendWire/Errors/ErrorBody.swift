/// A server's error answer, read from any of its known shapes (rest-api.md §2).
public struct ErrorBody: Error, Hashable, Sendable, CustomStringConvertible {
    /// The HTTP status.
    public var status: Int
    /// What kind of failure.
    public var code: ErrorCode
    /// What failed and what to do, in the server's words.
    public var message: String
    /// How many rows the list may ask for instead, when its page was too large (`ErrorCode.pageTooLarge`).
    package var largestLimit: Int?
    /// What is wrong with each field, when the server says.
    public var details: [Detail]
    /// How many more details there are than the answer lists.
    public var omittedDetails = 0

    /// One field's failure.
    public struct Detail: Hashable, Sendable {
        /// The field's dotted path.
        public var field: String
        /// The rule that it breaks, `required` for example.
        public var rule: String
        /// What is wrong.
        public var message: String

        /// A failure.
        package init(field: String, rule: String, message: String) {
            self.field = field
            self.rule = rule
            self.message = message
        }
    }

    /// An error; the status is the code's own unless given.
    package init(
        _ code: ErrorCode, _ message: String, details: [Detail] = [], omittedDetails: Int = 0, status: Int? = nil
    ) {
        self.status = status ?? code.status
        self.code = code
        self.message = message
        self.details = details
        self.omittedDetails = omittedDetails
    }

    /// `409 data/duplicate-value: …`
    public var description: String { "\(status) \(code): \(message)" }
}

extension ErrorBody {
    /// The shape that nearly every known client can read: nested, with the code repeated in the outer `message`.
    package var json: JSONObject {
        var error: JSONObject = ["code": .string(code.rawValue), "message": .string(message)]
        error["largestLimit"] = largestLimit.map { .int(Int64($0)) }
        if !details.isEmpty {
            error["details"] = .array(details.map { .object($0.json) })
        }
        if omittedDetails > 0 { error["omittedDetails"] = .int(Int64(omittedDetails)) }
        return [
            "success": false, "statusCode": .int(Int64(status)), "code": .string(code.rawValue),
            "error": .object(error), "message": .string("\(code): \(message)"),
        ]
    }

    /// Reads an answer's body: the nested shape, `{"error":{"code","message"}}`, or the flat
    /// `{"statusCode","error":"VALIDATION_ERROR","message"}`. Nil when it is no error of bkend's: a proxy's, for example.
    package init?(_ json: JSON, status: Int) {
        guard case .object(let body) = json else { return nil }
        // A server that says 200 by HTTP and 404 in the body means the body; a number that is no error means nothing.
        let stated = body["statusCode"]?.intValue.flatMap(Int.init(exactly:))
        self.status = stated.flatMap { (400...599).contains($0) ? $0 : nil } ?? status
        let outer = body["message"]?.stringValue
        if case .object(let error)? = body["error"], let code = error["code"]?.stringValue ?? body["code"]?.stringValue
        {
            self.code = ErrorCode(named: code)
            largestLimit = Self.limit(error["largestLimit"] ?? body["largestLimit"])
            message = error["message"]?.stringValue ?? outer ?? code
            details = Self.details(error["details"] ?? body["details"])
            let omitted = (error["omittedDetails"] ?? body["omittedDetails"])?.intValue
            omittedDetails = omitted.flatMap(Int.init(exactly:)).map { max(0, $0) } ?? 0
        } else if let flat = body["code"]?.stringValue ?? body["error"]?.stringValue,
            body["error"] != nil || outer != nil
        {
            code = ErrorCode(named: flat)
            message = outer ?? flat
            details = Self.details(body["details"])
        } else {
            return nil
        }
    }

    /// A page has at least one row; a number that says otherwise says nothing.
    private static func limit(_ json: JSON?) -> Int? {
        json?.intValue.flatMap(Int.init(exactly:)).flatMap { $0 > 0 ? $0 : nil }
    }

    private static func details(_ json: JSON?) -> [Detail] {
        (json?.arrayValue ?? []).compactMap { item in
            guard let field = item["field"]?.stringValue ?? item["path"]?.stringValue else { return nil }
            return Detail(
                field: field, rule: item["rule"]?.stringValue ?? "", message: item["message"]?.stringValue ?? "")
        }
    }
}

extension ErrorCode {
    /// A code by its text, the flat shape's upper-case names mapped to their meaning.
    init(named name: String) { self = Self.flat[name] ?? ErrorCode(rawValue: name) }

    private static let flat: [String: ErrorCode] = [
        "VALIDATION_ERROR": .validationError, "BAD_REQUEST": .validationError, "UNAUTHORIZED": .unauthorized,
        "INVALID_API_KEY": .invalidAPIKey, "TOKEN_EXPIRED": .tokenExpired, "INVALID_TOKEN": .invalidToken,
        "INVALID_CREDENTIALS": .invalidCredentials, "FORBIDDEN": .permissionDenied,
        "PERMISSION_DENIED": .permissionDenied, "NOT_FOUND": .notFound, "TABLE_NOT_FOUND": .tableNotFound,
        "DUPLICATE_VALUE": .duplicateValue, "CONFLICT": .duplicateValue, "PAYLOAD_TOO_LARGE": .payloadTooLarge,
        "RATE_LIMIT_EXCEEDED": .rateLimitExceeded, "TOO_MANY_REQUESTS": .rateLimitExceeded,
        "INTERNAL_ERROR": .internalError, "INTERNAL_SERVER_ERROR": .internalError,
    ]
}

extension ErrorBody.Detail {
    /// The detail's object in an answer.
    package var json: JSONObject { ["field": .string(field), "rule": .string(rule), "message": .string(message)] }
}
