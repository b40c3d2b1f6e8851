import BkendWire

/// An HTTP answer as a test looks at it.
struct Answer: Sendable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    init(status: Int) { self.status = status }

    var text: String { String(decoding: body, as: UTF8.self) }
    /// The body as JSON, null when it is none.
    var json: JSON { (try? JSON(parsing: body)) ?? .null }
    /// The error's code, where every client looks for it.
    var code: String? { json["error"]?["code"]?.stringValue }
    /// The error's message.
    var message: String { json["error"]?["message"]?.stringValue ?? "" }
    /// The fields that `details` names.
    var fields: [String] { (json["error"]?["details"]?.arrayValue ?? []).compactMap { $0["field"]?.stringValue } }
    /// The rules that `details` names.
    var rules: [String] { (json["error"]?["details"]?.arrayValue ?? []).compactMap { $0["rule"]?.stringValue } }
    /// A list's records.
    var items: [JSON] { json["items"]?.arrayValue ?? [] }
    var id: String { json["id"]?.stringValue ?? "" }
}
