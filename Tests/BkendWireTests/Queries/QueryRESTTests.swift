import BkendWire
import Testing

@Suite struct QueryRESTTests {
    @Test("what was read can be written, and read again")
    func whatReadCan() throws {
        let items = [QueryItem("andFilters", #"{"v":[]}"#), QueryItem("orFilters", #"{"v":"1"}"#)]
        let query = try Query(queryItems: items)
        #expect(try query.queryItems() == items)
        #expect(try Query(queryItems: query.queryItems()) == query)
    }

    static func read(_ query: String, limits: QueryLimits = QueryLimits()) throws(QueryError) -> Query {
        try Query(queryItems: QueryItem.decode(query), limits: limits)
    }

    @Test(
        "parameters are read",
        arguments: [
            ("", Query()), ("page=3&limit=7", Query(page: .init(3, limit: 7))),
            ("limit=200", Query(page: .init(1, limit: 100))),
            ("limit=99999999999999999999999", Query(page: .init(1, limit: 100))),
            ("offset=0", Query(page: .init(offset: 0))),
            ("page=9223372036854775807", Query(page: .init(.max))), ("page=007", Query(page: .init(7))),
            ("offset=9223372036854775807&limit=1", Query(page: .init(offset: .max, limit: 1))),
            ("sortBy=author.name", Query(sort: [.init("author.name", .descending)])),
            ("sortDirection=asc", Query(sort: [.init("id", .ascending)])),
            ("sortDirection=asc&sortBy=title", Query(sort: [.init("title", .ascending)])),
            ("search=caf%C3%A9+x&searchType=title", Query(search: .init("café x", in: "title"))),
            ("search=&searchType=title", Query()), ("search=x&searchType=", Query(search: .init("x"))),
            ("select=title,%20author.name,,", Query(select: ["title", "author.name"])),
            ("fields=title", Query(select: ["title"])),
            ("select=", Query()), ("page=1&page=2", Query(page: .init(2))),
            ("andFilters={}", Query()), ("orFilters={}", Query()),
            (#"andFilters={"a":1}"#, Query(filter: Condition("a", .equals(1)).filter)),
            (
                #"andFilters={"a":1,"b":2}"#,
                Query(filter: .allOf([Condition("a", .equals(1)).filter, Condition("b", .equals(2)).filter]))
            ),
            (#"orFilters={"a":{"$gt":1,"$lt":3}}"#, Query(filter: Condition("a", .greater(1), .less(3)).filter)),
            (
                #"orFilters={"a":{"$gt":1,"$lt":3},"b":2}"#,
                Query(
                    filter: .anyOf([Condition("a", .greater(1), .less(3)).filter, Condition("b", .equals(2)).filter]))
            ),
            (
                #"orFilters={"a":1,"b":2}&andFilters={"c":3}"#,
                Query(
                    filter: .allOf([
                        Condition("c", .equals(3)).filter,
                        .anyOf([Condition("a", .equals(1)).filter, Condition("b", .equals(2)).filter]),
                    ]))
            ),
            (
                #"andFilters={"a":1}&andFilters={"a":2}"#,
                Query(filter: .allOf([Condition("a", .equals(1)).filter, Condition("a", .equals(2)).filter]))
            ),
            (
                #"orFilters={"a":1}&orFilters={"a":{"$gt":5}}"#,
                Query(filter: .anyOf([Condition("a", .equals(1)).filter, Condition("a", .greater(5)).filter]))
            ),
            ("andFilters[status]=open", Query(filter: Condition("status", .equals("open")).filter)),
            ("andFilters%5Ba.b%5D=5", Query(filter: Condition("a.b", .equals("5")).filter)),
            (
                #"andFilters[a]=1&andFilters={"b":2}&orFilters[c]="#,
                Query(
                    filter: .allOf([
                        Condition("a", .equals("1")).filter, Condition("b", .equals(2)).filter,
                        Condition("c", .equals("")).filter,
                    ]))
            ),
            ("andFilters[a]=%7B%22$ne%22:null%7D", Query(filter: Condition("a", .equals(#"{"$ne":null}"#)).filter)),
        ] as [(String, Query)])
    func parametersRead(text: String, query: Query) throws {
        #expect(try Self.read(text) == query)
    }

    @Test("a bracket's text means what the schema says of the field")
    func bracketsTextMeans() throws {
        let items = [QueryItem("andFilters[n]", "5"), QueryItem("orFilters[s]", "5")]
        let query = try Query(queryItems: items) { field, text in field == "n" ? .int(Int64(text) ?? 0) : .string(text)
        }
        #expect(query.filter == .allOf([Condition("n", .equals(5)).filter, Condition("s", .equals("5")).filter]))
    }

    @Test(
        "a parameter that can't be taken is named",
        arguments: [
            ("page=0", "page", "", "must be a whole number from 1"),
            ("page=-1", "page", "", "must be a whole number from 1"),
            ("page=%2B1", "page", "", "must be a whole number from 1"),
            ("page=1.0", "page", "", "must be a whole number from 1"),
            ("page=", "page", "", "must be a whole number from 1"),
            ("page=1e3", "page", "", "must be a whole number from 1"),
            ("page=%EF%BC%91", "page", "", "must be a whole number from 1"),
            ("page=1%00", "page", "", "must be a whole number from 1"),
            ("page=99999999999999999999", "page", "", "must be a whole number from 1"),
            ("limit=0", "limit", "", "must be a whole number from 1"),
            ("limit=-5", "limit", "", "must be a whole number from 1"),
            ("limit=x", "limit", "", "must be a whole number from 1"),
            ("offset=-0", "offset", "", "must be a whole number from 0"),
            ("offset=9223372036854775808", "offset", "", "must be a whole number from 0"),
            ("sortBy=", "sortBy", "", "a field name can't be empty"),
            ("sortBy=$a", "sortBy", "$a", "a field name can't start with $"),
            ("sortBy=a..b", "sortBy", "a..b", "a path can't have an empty part"),
            ("sortDirection=down", "sortDirection", "", "must be asc or desc"),
            ("sortDirection=ASC", "sortDirection", "", "must be asc or desc"),
            ("searchType=$x&search=a", "searchType", "$x", "a field name can't start with $"),
            ("select=a,$b", "select", "$b", "a field name can't start with $"),
            ("fields=a..", "fields", "a..", "a path can't have an empty part"),
            ("andFilters=", "andFilters", "", "the JSON text ends too early at byte 0"),
            ("orFilters=[1]", "orFilters", "", "must be a JSON object, not array"),
            (#"orFilters={"a":{"$in":2}}"#, "orFilters", "a.$in", "must be an array, not number"),
            ("andFilters[]=x", "andFilters", "", "a field name can't be empty"),
            ("andFilters[$where]=x", "andFilters", "$where", "a field name can't start with $"),
            (
                "andFilters[price][$gt]=5", "andFilters[price][$gt]", "",
                "the bracket form is andFilters[field]=value; operators need the JSON form"
            ),
            (
                "orFilters[a=5", "orFilters[a", "",
                "the bracket form is orFilters[field]=value; operators need the JSON form"
            ),
            ("a=%", "query", "", "malformed percent-encoding, or bytes that are not UTF-8"),
        ])
    func parameterCantTaken(text: String, parameter: String, path: String, message: String) {
        #expect(throws: QueryError(parameter: parameter, path: path, message: message)) { try Self.read(text) }
    }

    @Test("limits hold for search, select and brackets")
    func limitsHoldSearch() throws {
        var limits = QueryLimits()
        limits.searchLength = 3
        limits.conditions = 2
        #expect(try Self.read("search=abc", limits: limits).search == .init("abc"))
        #expect(throws: QueryError(parameter: "search", message: "may have at most 3 bytes")) {
            try Self.read("search=%C3%A9ab", limits: limits)
        }
        #expect(try Self.read("select=a,b", limits: limits).select == ["a", "b"])
        #expect(throws: QueryError(parameter: "select", message: "may name at most 2 fields")) {
            try Self.read("select=a,b,c", limits: limits)
        }
        #expect(throws: QueryError(parameter: "andFilters", message: "a query may hold at most 2 conditions")) {
            try Self.read("andFilters[a]=1&orFilters[b]=1&andFilters[c]=1", limits: limits)
        }
    }

    @Test(
        "a query's parameters leave out the defaults",
        arguments: [
            (Query(), ""), (Query(page: .init(2, limit: 50)), "page=2&limit=50"),
            (Query(page: .init(offset: 40)), "offset=40"),
            (Query(sort: [.init("title")]), "sortBy=title&sortDirection=asc"),
            (Query(sort: [.init("title", .descending), .init("id", .descending)]), "sortBy=title&sortDirection=desc"),
            (Query(sort: [.init("id"), .init("title")]), "sortBy=id&sortDirection=asc"),
            (Query(sort: [.init("a"), .init("id"), .init("b")]), "sortBy=a&sortDirection=asc"),
            (Query(search: .init("a b&c", in: "title")), "search=a%20b%26c&searchType=title"),
            (Query(search: .init("")), ""),
            (Query(select: ["title", "author.name"]), "select=title%2Cauthor.name"), (Query(select: []), "select=id"),
            (Query(filter: Condition("a", .equals(1)).filter), "andFilters=%7B%22a%22%3A1%7D"),
        ])
    func querysParametersLeave(query: Query, text: String) throws {
        #expect(QueryItem.encode(try query.queryItems()) == text)
    }

    @Test("what one request can't say throws")
    func whatOneRequest() throws {
        func reason(_ query: Query) throws -> FilterNotExpressible? {
            #expect(throws: FilterNotExpressible.self) { try query.queryItems() }
        }
        let twice = try reason(Query(sort: [.init("a"), .init("b")]))
        #expect(twice == FilterNotExpressible(field: "b", reason: .secondSortField))
        #expect(try #require(twice).description.contains("(field b): only one field of an order can be sent"))
        #expect(try reason(Query(sort: [.init("a"), .init("id", .descending)]))?.reason == .secondSortField)
        for name in ["a,b", " a", "a "] {
            let error = try reason(Query(select: ["x", name]))
            #expect(error == FilterNotExpressible(field: name, reason: .selectedName))
            #expect(try #require(error).description.contains("can't be selected"))
        }
        #expect(try reason(Query(filter: .not(.all)))?.reason == .negation)
    }

    @Test("any query that can be sent reads back as itself")
    func anyQueryCan() throws {
        var source = RandomQuery(seed: 9)
        for _ in 0..<3_000 {
            let query = source.query()
            let text = QueryItem.encode(try query.queryItems())
            #expect(try Self.read(text) == query, "\(text)")
        }
    }
}

/// Queries in the form that reading gives, so that sending and reading one is the identity.
struct RandomQuery {
    private var json: RandomJSON

    init(seed: UInt64) { json = RandomJSON(seed: seed) }

    mutating func query() -> Query {
        let all = conditions(from: "abcd")
        let any = conditions(from: "cdef")
        var parts = all.map(Filter.condition)
        if any.count > 1 { parts.append(.anyOf(any.map(Filter.condition))) }
        var query = Query(filter: parts.count == 1 ? parts[0] : .allOf(parts))
        if one(in: 3) { query.search = .init("x" + json.string(), in: one(in: 2) ? "title" : nil) }
        if one(in: 3) { query.sort = [.init(one(in: 2) ? "a.b" : "é", one(in: 2) ? .ascending : .descending)] }
        let limit = Int.random(in: 1...100, using: &json.random)
        query.page = one(in: 2) ? .init(offset: limit * 7, limit: limit) : .init(limit % 5 + 1, limit: limit)
        if one(in: 3) { query.select = ["title", "author.name", "e\u{301}"] }
        return query
    }

    private mutating func one(in count: Int) -> Bool { Int.random(in: 0..<count, using: &json.random) == 0 }

    private mutating func conditions(from names: String) -> [Condition] {
        names.filter { _ in one(in: 2) }.map { name in
            var operators = [anyOperator()]
            let second = anyOperator()
            if one(in: 2), second.name != operators[0].name { operators.append(second) }
            return Condition(String(name), operators)
        }
    }

    private mutating func operand() -> JSON {
        func plain(_ value: JSON) -> JSON {
            switch value {
            case .object(let object): .object(JSONObject(object.map { ("k" + $0.key, plain($0.value)) }))
            case .array(let values): .array(values.map(plain))
            default: value
            }
        }
        return plain(json.value(depth: 2))
    }

    private mutating func anyOperator() -> FilterOperator {
        switch Int.random(in: 0..<11, using: &json.random) {
        case 0: .equals(operand())
        case 1: .notEquals(operand())
        case 2: .greater(operand())
        case 3: .greaterOrEqual(operand())
        case 4: .less(operand())
        case 5: .lessOrEqual(operand())
        case 6: .isIn([operand(), operand()])
        case 7: .isNotIn([operand()])
        case 8: .regex(pattern: json.string(), options: one(in: 2) ? "im" : "")
        case 9: .exists(one(in: 2))
        default: .contains(operand())
        }
    }
}
