import BkendWire

/// How a record names a file: by its id, its key or its address. Published clients keep any of the three.
package enum FileName: Hashable, Sendable {
    /// The id of a file's record.
    case id(String)
    /// The key of a file's bytes.
    case key(String)
    /// The address of a file's bytes.
    case address(String)

    /// The longest name.
    static let longest = 2_048
    /// The most names of one record; the rest are passed over.
    static let most = 100

    /// A name, nil for what can't be one.
    ///
    /// - Parameter server: the server's address. An address there that needs a session names the file's id.
    package init?(_ text: String, server: String) {
        guard !text.isEmpty, text.utf8.count <= Self.longest, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return nil
        }
        if Self.isAddress(text) {
            if let id = Self.id(inDownloadAddress: text), Origin(text) == Origin(server) {
                self = .id(id)
            } else {
                self = .address(text)
            }
        } else if text.contains("/") {
            self = .key(text)
        } else {
            guard Self.isID(text) else { return nil }
            self = .id(text)
        }
    }

    /// Whether a text can be the id of a file, and nothing else in a path of the server's: it comes from a record.
    private static func isID(_ text: some StringProtocol) -> Bool {
        text.utf8.count <= 64 && !["buckets", "multipart", "presigned-url", "upload"].contains(String(text))
            && text.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "-"
                    || $0 == "_"
            }
    }

    /// The id in the address of a file that isn't public, `…/v1/files/ID/download`; nil for another address.
    static func id(inDownloadAddress text: String) -> String? {
        guard text.hasSuffix("/download"), isAddress(text) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 6, parts[parts.count - 3] == "files", parts[parts.count - 4] == "v1" else { return nil }
        let id = parts[parts.count - 2]
        return isID(id) ? String(id) : nil
    }

    /// The list in which a key's file should be: keys end in the file's name, as far as it has plain letters
    /// (rest-api.md §9).
    package static func search(forKey key: String) -> [QueryItem] {
        let name = key.split(separator: "/").last.map(String.init) ?? key
        return [QueryItem("search", name), QueryItem("page", "1"), QueryItem("limit", "100")]
    }

    static func isAddress(_ text: some StringProtocol) -> Bool {
        text.hasPrefix("https://") || text.hasPrefix("http://")
    }

    /// The names in a record's fields, each once, in order: texts that are one, elements of arrays, and addresses inside
    /// longer texts, such as Markdown.
    ///
    /// - Parameter paths: the fields, by names or dotted paths. Objects in arrays are looked into.
    static func all(in record: JSONObject, at paths: [String]) -> [String] {
        var names = FoundNames()
        for path in paths {
            names.look(in: .object(record), path.split(separator: ".").map(String.init)[...])
        }
        return names.all
    }
}

/// The names that were found in a record, each once.
private struct FoundNames {
    private(set) var all: [String] = []
    private var known: Set<ExactString> = []

    mutating func look(in value: JSON, _ path: ArraySlice<String>) {
        if all.count == FileName.most { return }
        switch value {
        case .array(let elements): for element in elements { look(in: element, path) }
        case .object(let object):
            if let first = path.first, let value = object[first] { look(in: value, path.dropFirst()) }
        case .string(let text) where path.isEmpty: look(in: text)
        default: break
        }
    }

    private mutating func look(in text: String) {
        let bytes = text.utf8
        // A local id is a file that lies here, or none any more.
        if text.isEmpty || LocalID.isOne(text) { return }
        let isOneWord = bytes.count <= FileName.longest && bytes.allSatisfy { $0 > 0x20 }
        if isOneWord, FileName.isAddress(text) || !bytes.contains(where: Self.ends.contains) { return note(text) }
        var rest = bytes[...]
        while all.count < FileName.most, let start = rest.firstIndex(of: UInt8(ascii: "h")) {
            let candidate = rest[start...]
            guard candidate.starts(with: "https://".utf8) || candidate.starts(with: "http://".utf8) else {
                rest = candidate.dropFirst()
                continue
            }
            let address = candidate.prefix(FileName.longest + 1).prefix { !Self.ends.contains($0) && $0 > 0x20 }
            note(String(Substring(Self.withoutPunctuation(address))))
            rest = rest[address.endIndex...]
        }
    }

    /// A sentence may end with an address.
    private static func withoutPunctuation(_ address: Substring.UTF8View) -> Substring.UTF8View {
        var address = address
        while let last = address.last, ".,;:!?".utf8.contains(last) { address = address.dropLast() }
        return address
    }

    private mutating func note(_ name: String) {
        if name.utf8.count <= FileName.longest, all.count < FileName.most, known.insert(ExactString(name)).inserted {
            all.append(name)
        }
    }

    /// What an address inside a text can't go on with.
    private static let ends = Set("()<>\"'[]{}|\\^`".utf8)
}

/// Scheme, host and port of an address, in the form in which two can be compared.
package struct Origin: Hashable, Sendable {
    /// As a text.
    let text: String

    /// The origin of an address; nil for one with credentials, or none.
    package init?(_ address: String) {
        guard let end = address.range(of: "://")?.upperBound else { return nil }
        let authority = address[end...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.isEmpty || authority.contains("@") { return nil }
        let scheme = address[..<end].lowercased()
        var host = authority.lowercased()
        for (usual, port) in [("https://", ":443"), ("http://", ":80")] where scheme == usual && host.hasSuffix(port) {
            host.removeLast(port.count)
        }
        text = scheme + host
    }
}
