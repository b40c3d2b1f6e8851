import BkendWire

/// A request's body, read strictly: a member has its type or the request is refused with the member's name. So
/// `{"password":{"$ne":null}}` is a 400. Members that nobody asks for are passed over.
struct BodyFields: Sendable {
    private let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    func has(_ name: String) -> Bool { object[name] != nil }

    /// Refuses members that would be passed over: their sender takes them for stored.
    func refuse(allBut names: [String]) throws(ErrorBody) {
        let others = object.keys.filter { key in !names.contains { $0.hasSameBytes(as: key) } }
        guard let first = others.first else { return }
        let details = others.prefix(100).map { name in
            let shown = name.shortened(to: 64)
            let hint = name == "role" ? "; PATCH /v1/users/:id/role changes it" : ""
            return ErrorBody.Detail(
                field: shown, rule: "unknown", message: "\(shown) can't be stored by this route\(hint)")
        }
        throw ErrorBody(
            .invalidParameters,
            "\(first.shortened(to: 64)) can't be stored by this route, which takes \(names.joined(separator: ", "))",
            details: details, omittedDetails: others.count - details.count)
    }

    /// A text that may be absent or null; without control characters.
    func text(
        _ name: String, atMost bytes: Int, code: ErrorCode = .invalidRequest
    ) throws(ErrorBody) -> String? {
        guard let text = try raw(name, code: code) else { return nil }
        guard text.utf8.count <= bytes else {
            throw Self.error(code, name, "maxLength", "may have at most \(bytes) bytes")
        }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw Self.error(code, name, "format", "may not hold control characters")
        }
        return text
    }

    /// A text that must be there.
    func required(_ name: String, code: ErrorCode = .invalidRequest) throws(ErrorBody) -> String {
        guard let text = try raw(name, code: code) else {
            throw Self.error(.invalidRequest, name, "required", "is required")
        }
        return text
    }

    func email(_ name: String = "email") throws(ErrorBody) -> EmailAddress {
        try EmailAddress(required(name, code: .invalidEmail), field: name)
    }

    /// A password that a policy doesn't concern: one that exists, or doesn't.
    func password(_ name: String, maximumBytes: Int) throws(ErrorBody) -> Password {
        let text = try required(name, code: .invalidPasswordFormat)
        try PasswordPolicy.checkFormat(text, field: name, maximumBytes: maximumBytes)
        return Password(text)
    }

    func newPassword(_ name: String, policy: PasswordPolicy) throws(ErrorBody) -> Password {
        try policy.check(required(name, code: .invalidPasswordFormat), field: name)
    }

    /// The member `method` of sign-up and sign-in: passwords are the only method so far.
    func checkMethod() throws(ErrorBody) {
        guard let method = try raw("method", code: .invalidRequest), !method.hasSameBytes(as: "password") else {
            return
        }
        throw Self.error(.invalidRequest, "method", "enum", "must be password; this server has no other method")
    }

    private func raw(_ name: String, code: ErrorCode) throws(ErrorBody) -> String? {
        switch object[name] {
        case nil, .null: nil
        case .string(let text): text
        case .some(let other): throw Self.error(code, name, "type", "must be a string, not \(other.typeName)")
        }
    }

    static func error(_ code: ErrorCode, _ field: String, _ rule: String, _ what: String) -> ErrorBody {
        ErrorBody(code, "\(field) \(what)", details: [.init(field: field, rule: rule, message: "\(field) \(what)")])
    }
}
