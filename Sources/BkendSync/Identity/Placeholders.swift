import BkendWire

/// Ids inside longer texts: a file's address in Markdown, for example.
enum Placeholders {
    /// `~` and 32 hex digits.
    private static let length = 33

    /// Calls a function with each place where an id may stand in a text, in order. Whether it is one, the id table says.
    static func visit(_ text: String, _ visit: (Range<String.Index>) throws -> Void) rethrows {
        let bytes = text.utf8
        guard bytes.count >= length, var start = bytes.firstIndex(of: UInt8(ascii: "~")) else { return }
        while let end = bytes.index(start, offsetBy: length, limitedBy: bytes.endIndex) {
            var next = bytes.index(after: start)
            if bytes[next..<end].allSatisfy(isHexDigit) {
                try visit(start..<end)
                next = end
            }
            guard let following = bytes[next...].firstIndex(of: UInt8(ascii: "~")) else { return }
            start = following
        }
    }

    /// The text with each such place put through a function; nil leaves it as it is.
    static func map(_ text: String, _ transform: (String) throws -> String?) rethrows -> String {
        var (result, end) = ("", text.startIndex)
        try visit(text) { place in
            guard let other = try transform(String(text[place])) else { return }
            result += text[end..<place.lowerBound] + other
            end = place.upperBound
        }
        return end == text.startIndex ? text : result + text[end...]
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}

/// Ids that are others from now on: a record's, or the three of a file.
struct Renaming {
    /// The former ids and the present ones.
    let names: [(from: String, to: String)]
    /// Whether they are looked for inside texts too.
    let isInside: Bool

    /// A record's id.
    init(_ from: String, to: String) {
        names = [(from, to)]
        isInside = false
    }

    /// A file's ids, which stand in texts too.
    init(ofFile names: [(from: String, to: String)]) {
        self.names = names
        isInside = true
    }

    private func name(_ text: String) -> String? { names.first { $0.from.hasSameBytes(as: text) }?.to }

    /// A text with the present ids.
    func callAsFunction(_ text: String) -> String {
        name(text) ?? (isInside ? Placeholders.map(text, name) : text)
    }
}

/// What texts name.
extension AliasPart {
    /// A text of a record with every local id in its present form: the whole text, or those of files inside it.
    func present(_ text: String) throws -> String {
        guard try store.hasAliases() else { return text }
        let whole = try resolve(text)
        if !whole.hasSameBytes(as: text) { return whole }
        return try Placeholders.map(text) { name in
            guard let alias = try alias(name), alias.file != nil else { return nil }
            return try resolve(name)
        }
    }

    /// The rows of the local ids that the server doesn't know yet and that a text of a record names.
    func named(in text: String) throws -> [Alias] {
        if let alias = try resolution(of: text).local { return [alias] }
        var found: [Alias] = []
        try Placeholders.visit(text) { place in
            let name = String(text[place])
            guard let alias = try alias(name), alias.file != nil, alias.serverID == nil else { return }
            found.append(alias)
        }
        return found
    }
}
