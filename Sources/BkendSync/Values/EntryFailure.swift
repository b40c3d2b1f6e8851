public import BkendWire

/// Why an entry isn't on the server: the reason for a dead letter, or the last error of an entry that is retried.
public struct EntryFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server's code, such as `data/validation-error`, or a code of the store.
    public var code: String
    /// The reason as text.
    public var message: String
    /// The HTTP status, if a response arrived.
    public var status: Int?
    /// What is wrong with each field, if the server said so. At most the first 100 fields.
    public var details: [ErrorBody.Detail]

    /// The server's code; nil if the reason comes from the store.
    public var errorCode: ErrorCode? {
        status == nil || Self.ownCodes.contains(code) ? nil : ErrorCode(rawValue: code)
    }

    /// The store's words for answers without a code of the server's.
    private static let ownCodes: Set<String> = ["serverFailed", "foreignAnswer", "tooLong"]

    /// A failure.
    package init(code: String, message: String, status: Int? = nil, details: [ErrorBody.Detail] = []) {
        self.code = code
        self.message = message
        self.status = status
        self.details = Array(details.prefix(Self.mostDetails))
    }

    /// The server's refusal.
    package init(_ error: ErrorBody) {
        self.init(code: error.code.rawValue, message: error.message, status: error.status, details: error.details)
    }

    /// A server may say more than is worth keeping with a write.
    private static let mostDetails = 100

    /// The entry names a record that was discarded before the server had it.
    static func dependencyDiscarded(_ id: String) -> EntryFailure {
        EntryFailure(
            code: Self.dependencyDiscarded,
            message:
                "the write refers to \(id), which was discarded before it reached the server; remove the id and retry, or "
                + "discard the write"
        )
    }

    /// The code of a dead letter that refers to a discarded record.
    package static let dependencyDiscarded = "dependencyDiscarded"

    /// `code: message`
    public var description: String { "\(code): \(message)" }

    var json: JSONObject {
        var json: JSONObject = ["code": .string(code), "message": .string(message)]
        if let status { json["status"] = .int(Int64(status)) }
        if !details.isEmpty {
            json["details"] = .array(
                details.map {
                    ["field": .string($0.field), "rule": .string($0.rule), "message": .string($0.message)]
                })
        }
        return json
    }

    init(_ json: JSONObject) {
        self.init(
            code: json["code"]?.stringValue ?? "", message: json["message"]?.stringValue ?? "",
            status: json["status"]?.intValue.flatMap { Int(exactly: $0) },
            details: (json["details"]?.arrayValue ?? []).map {
                ErrorBody.Detail(
                    field: $0["field"]?.stringValue ?? "", rule: $0["rule"]?.stringValue ?? "",
                    message: $0["message"]?.stringValue ?? "")
            })
    }
}

extension EntryFailure: ComparedExactly {
    package var exact: JSONObject { json }
}
