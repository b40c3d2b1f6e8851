import BkendWire

/// MongoDB's sorting over JSON trees, to compare with.
enum ReferenceSort {
    static func sorted(_ documents: [JSONObject], by sort: [Query.Sort]) -> [JSONObject] {
        let idDescends = sort.last.map { $0.direction == .descending } ?? true
        return documents.sorted { a, b in
            for field in sort {
                let descends = field.direction == .descending
                let x = key(a, field.field, descends)
                let y = key(b, field.field, descends)
                let order = compare(x, y)
                if order != 0 { return (order < 0) != descends }
            }
            let order = ReferenceOrder.compare(a["id"] ?? nil, b["id"] ?? nil)
            return (order < 0) != idDescends
        }
    }

    /// Nil is an empty array: before null.
    private static func compare(_ a: JSON?, _ b: JSON?) -> Int {
        guard let a else { return b == nil ? 0 : -1 }
        guard let b else { return 1 }
        return ReferenceOrder.compare(a, b)
    }

    private static func key(_ document: JSONObject, _ path: String, _ descends: Bool) -> JSON? {
        var found = values(document[String(path.split(separator: ".")[0])], path.split(separator: ".").dropFirst())
        found.sort { compare($0, $1) < 0 }
        return descends ? found[found.count - 1] : found[0]
    }

    private static func values(_ value: JSON?, _ rest: ArraySlice<Substring>) -> [JSON?] {
        guard let value else { return [JSON.null] }
        if case .array(let elements) = value {
            guard let name = rest.first else { return elements.isEmpty ? [nil] : elements.map(Optional.some) }
            if let position = Int(name), elements.indices.contains(position) {
                // At the end of the path the element is one key: an array there isn't opened.
                if rest.count == 1 { return [elements[position] == .array([]) ? .none : .some(elements[position])] }
                return values(elements[position], rest.dropFirst())
            }
            let found = elements.flatMap { element -> [JSON?] in
                guard case .object(let object) = element else { return [JSON.null] }
                return values(object[String(name)], rest.dropFirst())
            }
            return found.isEmpty ? [JSON.null] : found
        }
        guard let name = rest.first else { return [value] }
        guard case .object(let object) = value else { return [JSON.null] }
        return values(object[String(name)], rest.dropFirst())
    }
}
