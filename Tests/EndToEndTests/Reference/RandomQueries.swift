import BkendWire

/// Random records and queries that meet often: few fields, few values, many types. A seed gives the same again.
struct RandomQueries {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(state: seed) }

    private static let fields = ["a", "b", "c"]
    private static let paths = ["a", "b", "c", "a.x", "b.y", "a.x.y", "c.0", "c.x"]
    private static let strings = ["", "a", "A", "ab", "é", "e\u{301}", "zebra", "10", "true", "\u{1F600}", "\u{FFFD}"]

    /// A record's own fields.
    mutating func record() -> JSONObject {
        var object = JSONObject()
        for field in Self.fields where chance(5, of: 6) { object[field] = value(depth: 3) }
        return object
    }

    /// A query that REST can say.
    mutating func query() throws -> Query {
        var query = Query()
        let all = (0..<Int.random(in: 0...2, using: &generator)).map { _ in condition() }
        let any = chance(1, of: 3) ? (0..<2).map { _ in condition() } : []
        // Two conditions on one field don't always have a REST form; those that don't are another test's.
        if let form = try? RESTFilter(allOf: all, anyOf: any) { query.filter = form.filter }
        if chance(2, of: 3) { query.sort = [Query.Sort(pick(Self.paths), chance(1, of: 2) ? .ascending : .descending)] }
        query.page = Query.Page(limit: 100)
        return query
    }

    private mutating func condition() -> Condition {
        let path = pick(Self.paths)
        return Condition(path, (0..<(chance(1, of: 4) ? 2 : 1)).map { _ in test() }.uniqueByName)
    }

    private mutating func test() -> FilterOperator {
        switch Int.random(in: 0..<11, using: &generator) {
        case 0, 1: .equals(value(depth: 2))
        case 2: .notEquals(value(depth: 2))
        case 3: .greater(scalar())
        case 4: .greaterOrEqual(scalar())
        case 5: .less(scalar())
        case 6: .lessOrEqual(value(depth: 1))
        case 7: .isIn((0..<3).map { _ in value(depth: 1) })
        case 8: .isNotIn((0..<2).map { _ in value(depth: 1) })
        case 9: .exists(chance(1, of: 2))
        default:
            chance(1, of: 2)
                ? .contains(scalar()) : .regex(pattern: pick(["^a", "b$", "1", "^$", "A"]), options: pick(["", "i"]))
        }
    }

    private mutating func value(depth: Int) -> JSON {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0 where depth > 0:
            .array((0..<Int.random(in: 0...3, using: &generator)).map { _ in value(depth: depth - 1) })
        case 1 where depth > 0:
            .object(
                JSONObject(
                    ["x", "y"].shuffled(using: &generator).prefix(Int.random(in: 0...2, using: &generator)).map {
                        ($0, value(depth: depth - 1))
                    }))
        default: scalar()
        }
    }

    private mutating func scalar() -> JSON {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: .null
        case 1: .bool(chance(1, of: 2))
        case 2...4: .int(pick([0, 1, 2, -1, 10, 9_007_199_254_740_993, .max, .min]))
        case 5: .double(pick([0.5, -0.0, 1.0, 2.5, 9_007_199_254_740_992, 1e300]))
        default: .string(pick(Self.strings))
        }
    }

    private mutating func chance(_ count: Int, of all: Int) -> Bool {
        Int.random(in: 0..<all, using: &generator) < count
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }
}

extension [FilterOperator] {
    /// A condition holds each operator once.
    fileprivate var uniqueByName: [FilterOperator] {
        var names: Set<String> = []
        return filter { names.insert($0.name).inserted }
    }
}

/// SplitMix64: small, and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
