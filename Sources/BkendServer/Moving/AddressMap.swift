import BkendStorage
import BkendWire

/// How the addresses of files in records change: `FROM=TO`, where what follows `FROM` is a file's key. A signed address
/// loses its query, since it has ended.
package struct AddressMap: Sendable {
    private let rules: [(from: String, to: String)]

    /// - Parameter rules: `https://cdn.example.com/=https://api.example.com/storage/`; the first that fits counts.
    /// - Throws: `OperatorError` for what is no such rule.
    package init(_ rules: [String]) throws(OperatorError) {
        var read: [(from: String, to: String)] = []
        for rule in rules {
            let halves = rule.split(separator: "=", maxSplits: 1).map { String($0) }
            guard halves.count == 2, halves.allSatisfy({ $0.hasPrefix("https://") || $0.hasPrefix("http://") }) else {
                throw OperatorError(
                    "\(rule.debugDescription) maps no addresses: write OLD=NEW, both with http:// or https://")
            }
            read.append((halves[0], halves[1]))
        }
        self.rules = read
    }

    /// A value with its addresses changed, in texts at any depth.
    ///
    /// - Parameter isKey: whether there is a file of a key. Addresses of others stay as they are.
    func mapped(_ value: JSON, counts: inout ImportCounts, isKey: (String) throws -> Bool) rethrows -> JSON {
        switch value {
        case .string(let text): return .string(try mapped(text, counts: &counts, isKey: isKey))
        case .array(let values): return .array(try values.map { try mapped($0, counts: &counts, isKey: isKey) })
        case .object(let object): return .object(try mapped(object, counts: &counts, isKey: isKey))
        default: return value
        }
    }

    func mapped(
        _ object: JSONObject, counts: inout ImportCounts, isKey: (String) throws -> Bool
    ) rethrows -> JSONObject {
        JSONObject(try object.map { ($0.key, try mapped($0.value, counts: &counts, isKey: isKey)) })
    }

    private func mapped(_ text: String, counts: inout ImportCounts, isKey: (String) throws -> Bool) rethrows -> String {
        guard rules.contains(where: { text.contains($0.from) }) else { return text }
        var out = ""
        var rest = text[...]
        while !rest.isEmpty {
            let found = rules.compactMap { rule in rest.range(of: rule.from).map { (range: $0, rule: rule) } }
            guard let next = found.min(by: { $0.range.lowerBound < $1.range.lowerBound }) else { break }
            out += rest[..<next.range.lowerBound]
            let tail = rest[next.range.upperBound...]
            var key = tail.prefix { $0 == "/" || $0.utf8.count == 1 && $0.utf8.allSatisfy(FileName.isPlain) }
            // A sentence may end after an address.
            while key.hasSuffix(".") || key.hasSuffix("/") { key = key.dropLast() }
            rest = tail[key.endIndex...]
            guard FileKey(String(key)) != nil, try isKey(String(key)) else {
                counts.unknownAddresses += 1
                out += text[next.range] + key
                continue
            }
            counts.addresses += 1
            out += next.rule.to + key
            if rest.first == "?" { rest = rest.drop { !$0.isWhitespace && !"\"'<>)]".contains($0) } }
        }
        return out + rest
    }
}
