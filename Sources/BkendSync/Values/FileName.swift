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
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            if Origin(text) == Origin(server), let place = parts.firstIndex(of: "files"), place > 3,
                parts.count == place + 3, parts[place - 1] == "v1", parts[place + 2] == "download"
            {
                self = .id(String(parts[place + 1]))
            } else {
                self = .address(text)
            }
        } else {
            self = text.contains("/") ? .key(text) : .id(text)
        }
    }

    /// The list in which a key's file should be: keys end in the file's name, as far as it has plain letters
    /// (rest-api.md §9).
    package static func search(forKey key: String) -> [QueryItem] {
        let name = key.split(separator: "/").last.map(String.init) ?? key
        return [QueryItem("search", name), QueryItem("page", "1"), QueryItem("limit", "100")]
    }

    fileprivate static func isAddress(_ text: some StringProtocol) -> Bool {
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
        // Ids of this device are files that lie here, or none any more.
        if text.utf8.first == UInt8(ascii: "~") || text.isEmpty { return }
        if text.utf8.allSatisfy({ $0 > 0x20 }), !text.utf8.contains(UInt8(ascii: "(")) { return note(text) }
        var rest = text.utf8[...]
        while all.count < FileName.most, let start = rest.firstIndex(of: UInt8(ascii: "h")) {
            let candidate = rest[start...]
            let address = String(Substring(candidate.prefix { !Self.ends.contains($0) && $0 > 0x20 }))
            if FileName.isAddress(address) {
                note(address)
                rest = candidate.dropFirst(address.utf8.count)
            } else {
                rest = candidate.dropFirst()
            }
        }
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
