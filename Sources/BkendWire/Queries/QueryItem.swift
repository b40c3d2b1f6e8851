/// One name and value of a URL's query, decoded.
package struct QueryItem: Hashable, Sendable {
    /// The name.
    package var name: String
    /// The value.
    package var value: String

    /// An item.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Same name and value by code point.
    package static func == (a: QueryItem, b: QueryItem) -> Bool {
        a.name.hasSameBytes(as: b.name) && a.value.hasSameBytes(as: b.value)
    }

    /// Hashes the code points of name and value.
    package func hash(into hasher: inout Hasher) {
        name.hashBytes(into: &hasher)
        value.hashBytes(into: &hasher)
    }

    /// The items as the query of a URL, percent-encoded (RFC 3986 unreserved characters stay).
    package static func encode(_ items: [QueryItem]) -> String {
        items.map { percentEncode($0.name) + "=" + percentEncode($0.value) }.joined(separator: "&")
    }

    /// The items of a URL's query. `+` means a space, as forms write it.
    ///
    /// - Throws: `QueryError` when an escape is malformed or the bytes are not UTF-8.
    package static func decode(_ query: some StringProtocol) throws(QueryError) -> [QueryItem] {
        var items: [QueryItem] = []
        for part in query.utf8.split(separator: 0x26) {
            let pieces = part.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecode(pieces[0]),
                let value = percentDecode(pieces.count > 1 ? pieces[1] : part.suffix(0))
            else {
                throw QueryError(parameter: "query", message: "malformed percent-encoding, or bytes that are not UTF-8")
            }
            items.append(QueryItem(name, value))
        }
        return items
    }

    /// A text with everything but RFC 3986's unreserved characters percent-encoded, so that it is one path segment or
    /// one query value. The texts `.` and `..` are encoded too: as path segments they would climb to another resource.
    package static func percentEncode(_ text: String) -> String {
        if text == "." || text == ".." { return String(repeating: "%2E", count: text.utf8.count) }
        var out: [UInt8] = []
        let hex = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.append(byte)
            default: out += [0x25, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The decoded text, nil when an escape is malformed or the bytes are not UTF-8.
    package static func percentDecode(_ text: some Collection<UInt8>, plusIsSpace: Bool = true) -> String? {
        var out: [UInt8] = []
        var bytes = text.makeIterator()
        func digit(_ byte: UInt8?) -> UInt8? {
            switch byte {
            case .some(let byte) where (0x30...0x39).contains(byte): byte - 0x30
            case .some(let byte) where (0x41...0x46).contains(byte): byte - 0x37
            case .some(let byte) where (0x61...0x66).contains(byte): byte - 0x57
            default: nil
            }
        }
        while let byte = bytes.next() {
            if byte == 0x25 {
                guard let high = digit(bytes.next()), let low = digit(bytes.next()) else { return nil }
                out.append(high << 4 | low)
            } else {
                out.append(byte == 0x2B && plusIsSpace ? 0x20 : byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }
}
