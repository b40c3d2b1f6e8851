import BkendWire

/// The texts of an XML document, by the names of their elements in order: as much of XML as answers of S3 services are
/// written in (elements, texts, the five entities and numbered ones). Attributes, comments and instructions are passed
/// over; nothing is ever fetched or expanded.
struct S3Document {
    private let elements: [(path: String, text: String)]

    /// Reads what can be read; elements that aren't closed count for nothing.
    init(_ bytes: [UInt8]) {
        var elements: [(path: String, text: String)] = []
        var open: [Substring] = []
        var text = ""
        for piece in String(decoding: bytes, as: UTF8.self).split(separator: "<", omittingEmptySubsequences: true) {
            guard let end = piece.firstIndex(of: ">") else { continue }
            let tag = piece[..<end]
            let rest = piece[piece.index(after: end)...]
            if tag.hasPrefix("/") {
                elements.append((open.joined(separator: "/"), text))
                _ = open.popLast()
                text = ""
            } else if !tag.hasPrefix("?"), !tag.hasPrefix("!") {
                open.append(tag.prefix { !$0.isWhitespace && $0 != "/" })
                text = Self.decoded(rest)
                if tag.hasSuffix("/") {
                    elements.append((open.joined(separator: "/"), ""))
                    open.removeLast()
                }
                // Nothing of S3's is deeper; a document that is would cost its square.
                if open.count > 16 { break }
            }
        }
        self.elements = elements
    }

    /// The text of the first element of a name, wherever it is.
    func first(_ name: String) -> String? {
        elements.first { $0.path == name || $0.path.hasSuffix("/" + name) }?.text
    }

    /// Whether the outermost element has a name.
    func isA(_ name: String) -> Bool { elements.last?.path == name }

    /// Each element of a path, as the texts of its children by their names.
    func each(_ path: String, _ body: ([String: String]) throws -> Void) rethrows {
        var children: [String: String] = [:]
        for element in elements {
            if element.path == path {
                try body(children)
                children = [:]
            } else if element.path.hasPrefix(path + "/") {
                children[String(element.path.dropFirst(path.count + 1))] = element.text
            }
        }
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        var out = ""
        var rest = text
        while let mark = rest.firstIndex(of: "&") {
            out += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            guard let end = rest.firstIndex(of: ";"), let letter = character(rest[..<end]) else {
                out += "&"
                continue
            }
            out.append(letter)
            rest = rest[rest.index(after: end)...]
        }
        return out + rest
    }

    private static func character(_ name: Substring) -> Character? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#"), name.count <= 8 else { return nil }
            let digits = name.dropFirst()
            let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return number.flatMap(Unicode.Scalar.init).map(Character.init)
        }
    }
}
