import BkendWire

/// Random filters, orders and indexes over the fields of `RandomJSON`.
enum RandomQuery {
    static let paths = ["a", "b", "a.b", "a.0", "a.b.c", "a.0.b", "a.1.0", "b.a", "c", "id", "b.0.1"]

    static func filter(depth: Int, using random: inout SeededGenerator) -> Filter {
        func several(_ random: inout SeededGenerator) -> [Filter] {
            (0..<Int.random(in: 1...3, using: &random)).map { _ in filter(depth: depth - 1, using: &random) }
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<2 where depth > 0: return .allOf(several(&random))
        case 2 where depth > 0: return .anyOf(several(&random))
        case 3 where depth > 0: return .not(filter(depth: depth - 1, using: &random))
        default:
            let operators = (0..<(Bool.random(using: &random) ? 1 : 2)).map { _ in filterOperator(using: &random) }
            return .condition(Condition(path(using: &random), operators))
        }
    }

    static func path(using random: inout SeededGenerator) -> String { paths.randomElement(using: &random) ?? "a" }

    static func filterOperator(using random: inout SeededGenerator) -> FilterOperator {
        let value = RandomJSON.value(depth: 2, using: &random)
        func values(_ random: inout SeededGenerator) -> [JSON] {
            (0..<Int.random(in: 0...4, using: &random)).map { _ in RandomJSON.value(depth: 1, using: &random) }
        }
        switch Int.random(in: 0..<13, using: &random) {
        case 0, 1: return .equals(value)
        case 2: return .notEquals(value)
        case 3: return .greater(value)
        case 4: return .greaterOrEqual(value)
        case 5: return .less(value)
        case 6: return .lessOrEqual(value)
        case 7, 8: return .isIn(values(&random))
        case 9: return .isNotIn(values(&random))
        case 10: return .exists(Bool.random(using: &random))
        case 11: return .contains(value)
        default:
            let patterns = ["^a", "b$", "^$", "1", "[a-b]", "a.b", "^a.", "^ab?", "^b"]
            return .regex(
                pattern: patterns.randomElement(using: &random) ?? "a", options: Bool.random(using: &random) ? "i" : "")
        }
    }

    static func sort(using random: inout SeededGenerator) -> [Query.Sort] {
        var sort: [Query.Sort] = []
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            let path = path(using: &random)
            if path == "id" || sort.contains(where: { $0.field == path }) { continue }
            sort.append(.init(path, Bool.random(using: &random) ? .ascending : .descending))
        }
        return sort
    }

    static func index(_ name: String, using random: inout SeededGenerator) -> IndexDefinition {
        var fields: [IndexDefinition.Field] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let path = path(using: &random)
            if fields.contains(where: { $0.path == path }) { continue }
            fields.append(.init(path, descending: Bool.random(using: &random)))
        }
        return IndexDefinition(name: name, fields: fields, sparse: Int.random(in: 0..<4, using: &random) == 0)
    }
}
