import BkendWire

/// What a new password must be like. Passwords that exist already are not held to it.
package struct PasswordPolicy: Hashable, Sendable {
    /// The fewest characters; 6 by default, as published apps use `abc123` (rest-api.md §8).
    package var minimumLength = 6
    /// The most bytes in UTF-8. A limit keeps hashing cheap; no password is cut.
    package var maximumBytes = 512
    /// Whether it needs a lower-case and an upper-case letter.
    package var needsBothCases = false
    /// Whether it needs a decimal digit.
    package var needsDigit = false
    /// Whether it needs something that is neither letter, digit nor white space.
    package var needsSymbol = false

    /// The default policy.
    package init() {}

    /// Checks a new password.
    func check(_ text: String, field: String) throws(ErrorBody) -> Password {
        try PasswordPolicy.checkFormat(text, field: field, maximumBytes: maximumBytes)
        let password = Password(text)
        var wishes: [String] = []
        if password.length < minimumLength { wishes.append("at least \(minimumLength) characters") }
        if needsBothCases, !(text.contains(where: \.isLowercase) && text.contains(where: \.isUppercase)) {
            wishes.append("a lower-case and an upper-case letter")
        }
        if needsDigit, !text.contains(where: \.isWholeNumber) { wishes.append("a digit") }
        if needsSymbol, text.allSatisfy({ $0.isLetter || $0.isNumber || $0.isWhitespace }) { wishes.append("a symbol") }
        guard wishes.isEmpty else {
            let message = "\(field) needs \(wishes.joined(separator: ", "))"
            throw ErrorBody(.weakPassword, message, details: [.init(field: field, rule: "policy", message: message)])
        }
        return password
    }

    /// Checks what no password has: a control character, or more bytes than anyone types.
    static func checkFormat(_ text: String, field: String, maximumBytes: Int) throws(ErrorBody) {
        let message: String
        if text.utf8.count > maximumBytes {
            message = "\(field) may have at most \(maximumBytes) bytes"
        } else if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            message = "\(field) may not hold control characters"
        } else {
            return
        }
        throw ErrorBody(
            .invalidPasswordFormat, message, details: [.init(field: field, rule: "format", message: message)])
    }
}
