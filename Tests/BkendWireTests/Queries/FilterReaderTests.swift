import BkendWire
import Testing

@Suite struct FilterReaderTests {
    static func read(_ json: String, limits: QueryLimits = QueryLimits()) throws(QueryError) -> [Condition] {
        var reader = FilterReader(limits: limits)
        return try reader.conditions(json: json, parameter: "andFilters")
    }

    @Test(
        "the REST form is read",
        arguments: [
            ("{}", []), (#"{"a":1}"#, [Condition("a", .equals(1))]), (#"{"a":null}"#, [Condition("a", .equals(.null))]),
            (#"{"a":{}}"#, [Condition("a", .equals([:]))]), (#"{"a":{"x":1}}"#, [Condition("a", .equals(["x": 1]))]),
            (#"{"a":[]}"#, [Condition("a", .equals([]))]), (#"{"a.b.0":1}"#, [Condition("a.b.0", .equals(1))]),
            (#"{"a":{"$eq":{"x":1}}}"#, [Condition("a", .equals(["x": 1]))]),
            (
                #"{"a":{"$gt":1,"$gte":2,"$lt":3,"$lte":4,"$ne":5}}"#,
                [Condition("a", .greater(1), .greaterOrEqual(2), .less(3), .lessOrEqual(4), .notEquals(5))]
            ),
            (
                #"{"a":{"$in":[1,null,"x"]},"b":{"$nin":[]}}"#,
                [Condition("a", .isIn([1, .null, "x"])), Condition("b", .isNotIn([]))]
            ),
            (
                #"{"a":{"$exists":false},"b":{"$exists":1}}"#,
                [Condition("a", .exists(false)), Condition("b", .exists(true))]
            ),
            (#"{"a":{"$options":"im","$regex":"^x"}}"#, [Condition("a", .regex(pattern: "^x", options: "im"))]),
            (#"{"a":{"$contains":"x"}}"#, [Condition("a", .contains("x"))]),
            (#"{"a":9223372036854775807}"#, [Condition("a", .equals(.int(.max)))]),
            (
                #"{"caf\u00e9":1,"cafe\u0301":1}"#,
                [Condition("caf\u{E9}", .equals(1)), Condition("cafe\u{301}", .equals(1))]
            ),
        ] as [(String, [Condition])])
    func restFormRead(json: String, conditions: [Condition]) throws {
        #expect(try Self.read(json) == conditions)
    }

    @Test(
        "what is wrong is named with its place",
        arguments: [
            ("", "", "the JSON text ends too early at byte 0"), (#"{"a":1,}"#, "", "trailing comma in JSON at byte 6"),
            (#"{"a":1,"a":2}"#, "", #"duplicate key "a" at byte 7"#), ("[]", "", "must be a JSON object, not array"),
            ("null", "", "must be a JSON object, not null"), (#"{"":1}"#, "", "a field name can't be empty"),
            (#"{"$and":[]}"#, "$and", "a field name can't start with $"),
            (#"{"a.$b":1}"#, "a.$b", "a field name can't start with $"),
            (#"{"a..b":1}"#, "a..b", "a path can't have an empty part"),
            (#"{".a":1}"#, ".a", "a path can't have an empty part"),
            (#"{"a.":1}"#, "a.", "a path can't have an empty part"),
            (#"{"a\u0000":1}"#, "a\u{0}", "a field name can't contain U+0000"),
            (#"{"a":{"$where":"1"}}"#, "a.$where", "unknown operator $where"),
            (#"{"a":{"$":1}}"#, "a.$", "unknown operator $"),
            (#"{"a":{"$GT":1}}"#, "a.$GT", "unknown operator $GT"),
            (#"{"a":{"$gt":1,"x":2}}"#, "a.x", "operators and fields can't be mixed"),
            (#"{"a":{"x":2,"$gt":1}}"#, "a.x", "operators and fields can't be mixed"),
            (#"{"a":{"$eq":{"$x":1}}}"#, "a.$eq.$x", "a field name can't start with $"),
            (#"{"a":[1,{"b":{"$gt":1}}]}"#, "a[1].b.$gt", "a field name can't start with $"),
            (#"{"a":{"b":{"$gt":1}}}"#, "a.b.$gt", "a field name can't start with $"),
            (#"{"a":{"$in":[1,{"$x":1}]}}"#, "a.$in[1].$x", "a field name can't start with $"),
            (#"{"a":{"$in":1}}"#, "a.$in", "must be an array, not number"),
            (#"{"a":{"$nin":{}}}"#, "a.$nin", "must be an array, not object"),
            (#"{"a":{"$exists":"yes"}}"#, "a.$exists", "must be true or false"),
            (#"{"a":{"$exists":2}}"#, "a.$exists", "must be true or false"),
            (#"{"a":{"$regex":1}}"#, "a.$regex", "must be a string, not number"),
            (#"{"a":{"$regex":"x","$options":"g"}}"#, "a.$options", "must be a string of the letters i, m, s and x"),
            (#"{"a":{"$regex":"x","$options":1}}"#, "a.$options", "must be a string of the letters i, m, s and x"),
            (#"{"a":{"$options":"i"}}"#, "a.$options", "$options needs $regex"),
        ])
    func whatWrongNamed(json: String, path: String, message: String) {
        let expected = QueryError(parameter: "andFilters", path: path, message: message)
        #expect(throws: expected) { try Self.read(json) }
    }

    @Test("limits hold at their edge")
    func limitsHoldTheir() throws {
        var limits = QueryLimits()
        limits.depth = 3
        #expect(try Self.read(#"{"a":{"$in":[1]}}"#, limits: limits).count == 1)
        #expect(throws: QueryError.self) { try Self.read(#"{"a":{"$in":[[1]]}}"#, limits: limits) }
        limits = QueryLimits()
        limits.listLength = 2
        #expect(try Self.read(#"{"a":{"$in":[1,2]}}"#, limits: limits).count == 1)
        #expect(throws: QueryError(parameter: "andFilters", path: "a.$in", message: "may hold at most 2 values")) {
            try Self.read(#"{"a":{"$in":[1,2,3]}}"#, limits: limits)
        }
        limits.patternLength = 2
        #expect(try Self.read(#"{"a":{"$regex":"é"}}"#, limits: limits).count == 1)
        #expect(
            throws: QueryError(parameter: "andFilters", path: "a.$regex", message: "a pattern may have at most 2 bytes")
        ) {
            try Self.read(#"{"a":{"$regex":"éx"}}"#, limits: limits)
        }
        limits.pathLength = 2
        #expect(try Self.read(#"{"a.b":1}"#, limits: limits).count == 1)
        #expect(throws: QueryError(parameter: "andFilters", path: "a.b.c", message: "a path may have at most 2 parts"))
        {
            try Self.read(#"{"a.b.c":1}"#, limits: limits)
        }
    }

    @Test("the number of conditions is limited over all that one reader reads")
    func numberConditionsLimited() throws {
        var limits = QueryLimits()
        limits.conditions = 3
        var reader = FilterReader(limits: limits)
        #expect(try reader.conditions(json: #"{"a":{"$gt":1,"$lt":2}}"#, parameter: "andFilters").count == 1)
        #expect(try reader.conditions(json: #"{"b":1}"#, parameter: "orFilters").count == 1)
        #expect(throws: QueryError(parameter: "orFilters", message: "a query may hold at most 3 conditions")) {
            try reader.conditions(json: #"{"c":1}"#, parameter: "orFilters")
        }
    }

    @Test("an error's text begins with the parameter")
    func errorsTextBegins() {
        #expect(QueryError(parameter: "page", message: "m").description == "page: m")
        #expect(
            QueryError(parameter: "andFilters", path: "a.$gt", message: "m").description == "andFilters at a.$gt: m")
    }
}
