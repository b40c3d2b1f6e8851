/// One pass over the bytes of a text that copies it and leaves secrets out; works on bytes so that a broken or hostile
/// text costs no more than its length.
struct SecretScanner {
    /// Header fields whose values are credentials.
    static let fieldNames: Set<String> = [
        "authorization", "proxy-authorization", "x-api-key", "cookie", "set-cookie",
    ]

    /// Names of JSON members and form fields whose values are secrets, lowercased, without `-` and `_`.
    private static let memberNames: Set<String> = [
        "password", "newpassword", "currentpassword", "oldpassword", "token", "accesstoken", "refreshtoken", "idtoken",
        "secret", "clientsecret", "apikey", "secretkey", "authorization", "xapikey", "cookie", "setcookie",
        "proxyauthorization", "otp", "mfacode", "resettoken",
    ]

    private static let ellipsis = Array("…".utf8)

    private let bytes: [UInt8]
    private var output: [UInt8] = []
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        output.reserveCapacity(bytes.count)
    }

    mutating func redacted() -> String {
        while position < bytes.count {
            if isWordByte(bytes[position]) {
                word()
            } else {
                output.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// A run of letters, digits, `_` and `-`: a key, a token, or the name of a secret that follows.
    private mutating func word() {
        let start = position
        position = end(from: start) { isWordByte($0) }
        let run = bytes[start..<position]
        if let prefix = keyPrefix(run) {
            hide(keeping: run.prefix(prefix))
        } else if run.starts(with: "eyJ".utf8), run.count > 10 {
            position = end(from: position) { isTokenByte($0) }
            hide(keeping: run.prefix(3))
        } else {
            output.append(contentsOf: run)
            let name = String(decoding: run, as: UTF8.self).lowercased()
            if name == "bearer" || name == "basic" {
                schemeValue()
            } else if Self.memberNames.contains(name.filter { $0 != "-" && $0 != "_" }) {
                memberValue()
            }
        }
    }

    /// The length of `pk_`, `sk_` and the like at which a key's own characters begin, wherever in the run it stands
    /// alone.
    private func keyPrefix(_ run: ArraySlice<UInt8>) -> Int? {
        guard run.count >= 7, run.starts(with: "pk_".utf8) || run.starts(with: "sk_".utf8) else { return nil }
        return 3
    }

    /// `Bearer` and `Basic` are followed by spaces and a token.
    private mutating func schemeValue() {
        let start = end(from: position) { $0 == 0x20 || $0 == 0x09 }
        let tokenEnd = end(from: start) { isTokenByte($0) }
        guard start > position, tokenEnd - start >= 8 else { return }
        output.append(contentsOf: bytes[position..<start])
        position = tokenEnd
        hide(keeping: [])
    }

    /// `"name": "value"`, `name=value`, `name: value`, also with the quotes escaped as in JSON within JSON.
    private mutating func memberValue() {
        var cursor = end(from: position) { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") || $0 == 0x27 }
        cursor = end(from: cursor) { $0 == 0x20 }
        guard cursor < bytes.count, bytes[cursor] == UInt8(ascii: ":") || bytes[cursor] == UInt8(ascii: "=") else {
            return
        }
        cursor = end(from: cursor + 1) { $0 == 0x20 }
        let isEscaped = cursor < bytes.count && bytes[cursor] == UInt8(ascii: "\\")
        cursor = end(from: cursor) { $0 == UInt8(ascii: "\\") }
        let quote = cursor < bytes.count && (bytes[cursor] == UInt8(ascii: "\"") || bytes[cursor] == 0x27)
        if quote { cursor += 1 }
        let valueEnd =
            quote
            ? quotedEnd(from: cursor, quote: bytes[cursor - 1], isEscaped: isEscaped)
            : end(from: cursor) { !Self.endsBareValue.contains($0) }
        guard valueEnd > cursor else { return }
        output.append(contentsOf: bytes[position..<cursor])
        position = valueEnd
        hide(keeping: [])
    }

    /// What ends a value without quotes. A space does not: `Authorization: Bearer abc` is one value.
    private static let endsBareValue: Set<UInt8> = Set(",;&}])\r\n\"'".utf8)

    private func quotedEnd(from start: Int, quote: UInt8, isEscaped: Bool) -> Int {
        var cursor = start
        while cursor < bytes.count, bytes[cursor] != quote {
            if bytes[cursor] == UInt8(ascii: "\\") {
                if isEscaped, cursor + 1 < bytes.count, bytes[cursor + 1] == quote { return cursor }
                cursor += 1
            }
            cursor += 1
        }
        return min(cursor, bytes.count)
    }

    private mutating func hide(keeping prefix: ArraySlice<UInt8>) {
        output.append(contentsOf: prefix)
        output.append(contentsOf: Self.ellipsis)
    }

    private func end(from start: Int, while matches: (UInt8) -> Bool) -> Int {
        var cursor = start
        while cursor < bytes.count, matches(bytes[cursor]) { cursor += 1 }
        return cursor
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// RFC 6750 §2.1's `b64token`.
    private func isTokenByte(_ byte: UInt8) -> Bool {
        isWordByte(byte) || ".~+/=".utf8.contains(byte)
    }
}
