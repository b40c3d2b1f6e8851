import BkendWire

/// Why an entry is not on the server: the reason of a dead letter, or the last error of one that is tried again.
public struct EntryFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server's code (`data/validation-error`) or one of the store's own.
    public var code: String
    /// The reason in words.
    public var message: String
    /// The HTTP status, where an answer came.
    public var status: Int?

    /// A failure.
    public init(code: String, message: String, status: Int? = nil) {
        self.code = code
        self.message = message
        self.status = status
    }

    /// The entry names a record that was discarded before the server had it.
    static func dependencyDiscarded(_ id: String) -> EntryFailure {
        EntryFailure(
            code: Self.dependencyDiscarded,
            message:
                "the write names \(id), which was discarded before the server had it; edit it and retry, or discard it"
        )
    }

    /// The code of a dead letter that names a discarded record.
    public static let dependencyDiscarded = "dependencyDiscarded"

    /// Same code, words and status, by code point.
    public static func == (a: EntryFailure, b: EntryFailure) -> Bool { a.json == b.json }

    /// Hashes code, words and status.
    public func hash(into hasher: inout Hasher) { hasher.combine(json) }

    /// `code: message`
    public var description: String { "\(code): \(message)" }

    var json: JSONObject {
        var json: JSONObject = ["code": .string(code), "message": .string(message)]
        if let status { json["status"] = .int(Int64(status)) }
        return json
    }

    init(_ json: JSONObject) {
        self.init(
            code: json["code"]?.stringValue ?? "", message: json["message"]?.stringValue ?? "",
            status: json["status"]?.intValue.flatMap { Int(exactly: $0) })
    }
}
