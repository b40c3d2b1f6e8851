import BkendStorage
import BkendWire

/// How the addresses of files in records change: `OLD=NEW`, where what follows `OLD` is a file's key. A signed address loses
/// its query, since it ends.
package struct AddressMap: Sendable {
    private let rules: [(from: String, to: String)]

    /// - Parameter rules: `https://cdn.example.com/=https://api.example.com/storage/`; where several fit, the first whose
    ///   key is a file's counts.
    /// - Throws: `OperatorError` for what is no such rule.
    package init(_ rules: [String]) throws(OperatorError) {
        self.rules = try rules.map { rule throws(OperatorError) in
            // An address may hold the sign itself: the last one before an address divides.
            let ends = ["=https://", "=http://"].compactMap { rule.range(of: $0, options: .backwards)?.lowerBound }
            guard let end = ends.max(), rule.hasPrefix("https://") || rule.hasPrefix("http://") else {
                throw OperatorError(
                    "\(rule.debugDescription) maps no addresses: write OLD=NEW, both with http:// or https://", .usage)
            }
            let (from, to) = (String(rule[..<end]), String(rule[rule.index(after: end)...]))
            guard let last = from.last, last == "/" || last == "=" else {
                throw OperatorError(
                    "\(from) must end where a key begins, with / as a rule: write \(from)/=\(to)", .usage)
            }
            return (from, to)
        }
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
        // Where each rule's address comes next. A rule is searched for again only once its place is passed.
        var next = rules.map { text.range(of: $0.from) }
        var out = ""
        var done = text.startIndex
        while let start = next.compactMap({ $0?.lowerBound }).min() {
            var end: String.Index?
            for (rule, found) in zip(rules, next) where found?.lowerBound == start {
                guard let found else { continue }
                let key = Self.key(text[found.upperBound...])
                guard FileKey(String(key)) != nil, try isKey(String(key)) else { continue }
                out += text[done..<start] + rule.to + key
                end = key.endIndex
                break
            }
            if let found = end {
                counts.addresses += 1
                done = Self.afterSignature(text[found...])
            } else {
                counts.unknownAddresses += 1
                let after = text.index(after: start)
                out += text[done..<after]
                done = after
            }
            for index in next.indices {
                while let found = next[index], found.lowerBound < done {
                    next[index] = text[done...].range(of: rules[index].from)
                }
            }
        }
        return out + text[done...]
    }

    /// The key at the beginning of a text.
    private static func key(_ text: Substring) -> Substring {
        var key = text.prefix { $0 == "/" || $0.utf8.count == 1 && $0.utf8.allSatisfy(FileName.isPlain) }
        // A sentence may end after an address.
        while key.hasSuffix(".") || key.hasSuffix("/") { key = key.dropLast() }
        return key
    }

    /// Where a text goes on after the query of a signed address that it begins with, if it does.
    private static func afterSignature(_ text: Substring) -> String.Index {
        guard text.first == "?" else { return text.startIndex }
        var query = text.dropFirst().prefix { character in
            character.isASCII && (character.isLetter || character.isNumber || "-._~%&=+:/@!$*".contains(character))
        }
        // Another address may follow without a space.
        if let other = query.range(of: "https://") ?? query.range(of: "http://") { query = query[..<other.lowerBound] }
        while query.hasSuffix(".") { query = query.dropLast() }
        let isSigned = query.split(separator: "&").contains { parameter in
            ["X-Amz-Signature=", "Signature=", "sig="].contains { parameter.hasPrefix($0) }
        }
        return isSigned ? query.endIndex : text.startIndex
    }
}
