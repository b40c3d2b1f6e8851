/// Redacts secrets in texts for logs and errors: API keys, bearer tokens, anything that looks like a JSON Web Token,
/// and the values of secret JSON members, form fields and header fields.
///
/// It hides too much rather than too little. A hidden secret becomes `…`, preceded by enough of its start to show the
/// kind of secret.
package enum Redaction {
    /// The text without its secrets.
    package static func redact(_ text: String) -> String {
        var scanner = SecretScanner(text)
        return scanner.redacted()
    }

    /// The URL without query, fragment and user information, and with secrets in its path redacted.
    package static func withoutQuery(_ url: String) -> String {
        var text = Substring(url.prefix { $0 != "?" && $0 != "#" })
        if let schemeEnd = text.utf8Range(of: "://") {
            let rest = text[schemeEnd.upperBound...]
            let authority = rest.prefix { $0 != "/" }
            if let at = authority.lastIndex(of: "@") {
                text = text[..<schemeEnd.upperBound] + rest[rest.index(after: at)...]
            }
        }
        return redact(String(text))
    }

    /// Whether a header field of this name contains a credential. Never log its value.
    package static func isSecretField(named name: String) -> Bool {
        SecretScanner.fieldNames.contains(name.lowercased())
    }
}

extension Substring {
    /// The range of the first occurrence of an ASCII text.
    fileprivate func utf8Range(of ascii: String) -> Range<Index>? {
        var start = utf8.startIndex
        while start < utf8.endIndex {
            if utf8[start...].starts(with: ascii.utf8) {
                return start..<utf8.index(start, offsetBy: ascii.utf8.count)
            }
            start = utf8.index(after: start)
        }
        return nil
    }
}
