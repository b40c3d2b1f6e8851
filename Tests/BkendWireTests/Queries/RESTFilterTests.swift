import BkendWire
import Testing

@Suite struct RESTFilterTests {
    static func condition(_ field: String, _ operators: FilterOperator...) -> Filter {
        .condition(Condition(field, operators))
    }

    static let a = condition("a", .equals(1))
    static let b = condition("b", .greater(2))
    static let c = condition("c", .exists(true))

    /// A filter, and its `andFilters` and `orFilters`; empty for an absent part.
    @Test(
        "what the REST API can say, it says so",
        arguments: [
            (.all, "", ""), (a, #"{"a":1}"#, ""), (b, #"{"b":{"$gt":2}}"#, ""),
            (.allOf([a, .allOf([b, .all])]), #"{"a":1,"b":{"$gt":2}}"#, ""),
            (.anyOf([a, b]), "", #"{"a":1,"b":{"$gt":2}}"#), (.anyOf([a]), #"{"a":1}"#, ""),
            (.allOf([c, .anyOf([a, b])]), #"{"c":{"$exists":true}}"#, #"{"a":1,"b":{"$gt":2}}"#),
            (.anyOf([a, .anyOf([b, .anyOf([c])])]), "", #"{"a":1,"b":{"$gt":2},"c":{"$exists":true}}"#),
            (.anyOf([.allOf([.anyOf([a, b])]), c]), "", #"{"a":1,"b":{"$gt":2},"c":{"$exists":true}}"#),
            (.allOf([.anyOf([a, b]), .anyOf([a, b])]), "", #"{"a":1,"b":{"$gt":2}}"#),
            (.anyOf([a, .anyOf([])]), #"{"a":1}"#, ""),
            // A choice of one goes where it fits: one object can't hold two values of "a".
            (.allOf([condition("a", .equals([])), .anyOf([a])]), #"{"a":[]}"#, #"{"a":1}"#),
            (.allOf([.anyOf([a]), condition("a", .equals([]))]), #"{"a":[]}"#, #"{"a":1}"#),
            (.anyOf([a, .all]), "", ""), (.allOf([b, .anyOf([a, condition("c")])]), #"{"b":{"$gt":2}}"#, ""),
            (.allOf([condition("a"), b]), #"{"b":{"$gt":2}}"#, ""), (condition("a"), "", ""),
            (
                .allOf([condition("n", .greaterOrEqual(1)), condition("n", .less(5)), condition("n", .less(5.0))]),
                #"{"n":{"$gte":1,"$lt":5}}"#, ""
            ),
            (
                .anyOf([.allOf([condition("n", .greaterOrEqual(1)), condition("n", .less(5))]), a]), "",
                #"{"n":{"$gte":1,"$lt":5},"a":1}"#
            ),
            (
                .anyOf([condition("a", .equals(1)), condition("a", .isIn([2, 1])), condition("a", .equals(.null))]), "",
                #"{"a":{"$in":[1,2,null]}}"#
            ),
            (
                .anyOf([condition("a", .equals([1])), condition("a", .equals(["x": 1]))]), "",
                #"{"a":{"$in":[[1],{"x":1}]}}"#
            ),
            (.anyOf([b, b, a]), "", #"{"b":{"$gt":2},"a":1}"#),
            (condition("a", .equals(["x": 1])), #"{"a":{"$eq":{"x":1}}}"#, ""),
            (condition("a", .equals([:])), #"{"a":{"$eq":{}}}"#, ""),
            (condition("a", .equals(.null)), #"{"a":null}"#, ""), (condition("a", .equals([1])), #"{"a":[1]}"#, ""),
            (condition("a", .regex(pattern: "^x", options: "i")), #"{"a":{"$regex":"^x","$options":"i"}}"#, ""),
            (condition("a", .regex(pattern: "", options: "")), #"{"a":{"$regex":""}}"#, ""),
            (
                condition("a", .notEquals(1), .isNotIn([2]), .contains("x")),
                #"{"a":{"$ne":1,"$nin":[2],"$contains":"x"}}"#, ""
            ),
            (
                .anyOf([condition("caf\u{E9}", .equals(1)), condition("cafe\u{301}", .equals(1))]), "",
                "{\"caf\u{E9}\":1,\"cafe\u{301}\":1}"
            ),
        ] as [(Filter, String, String)])
    func whatRESTAPI(filter: Filter, and: String, or: String) throws {
        let form = try filter.rest()
        // By bytes: `==` on strings would call composed and decomposed names one.
        #expect(Array((form.andFilters?.description ?? "").utf8) == Array(and.utf8))
        #expect(Array((form.orFilters?.description ?? "").utf8) == Array(or.utf8))
        #expect(form.isEmpty == (and.isEmpty && or.isEmpty))
        // The form as a filter has that same form.
        #expect(try form.filter.rest().filter == form.filter.rest().filter)
    }

    @Test(
        "what the REST API can't say throws before any request",
        arguments: [
            (.not(a), nil, .negation, "a negated filter can't be sent"),
            (.allOf([b, .not(a)]), nil, .negation, "a negated filter can't be sent"),
            (.anyOf([]), nil, .nothing, "a choice without alternatives can't be sent"),
            (.anyOf([.anyOf([]), .anyOf([.anyOf([])])]), nil, .nothing, "a choice without alternatives can't be sent"),
            (
                .allOf([.anyOf([a, b]), .anyOf([a, c])]), "a", .secondChoice,
                "(field a): only one group of alternatives can be sent"
            ),
            (
                .anyOf([.allOf([a, c]), b]), "c", .combinationInChoice,
                "(field c): an alternative of several conditions can't be sent"
            ),
            (
                .anyOf([.allOf([a, .anyOf([b, c])]), b]), "a", .combinationInChoice,
                "(field a): an alternative of several conditions can't be sent"
            ),
            (
                .allOf([b, condition("b", .greater(3))]), "b", .repeatedOperator("$gt"),
                "(field b): $gt would stand twice"
            ),
            (condition("b", .less(1), .less(2)), "b", .repeatedOperator("$lt"), "$lt would stand twice on one field"),
            (
                .allOf([a, condition("a", .equals(2))]), "a", .repeatedOperator("$eq"),
                "$eq would stand twice on one field"
            ),
            (
                .anyOf([b, condition("b", .less(0))]), "b", .alternativesOnOneField,
                "(field b): two alternatives on one field can be sent only when both are equalities"
            ),
            (
                .allOf([
                    condition("a", .regex(pattern: "\u{E9}", options: "")),
                    condition("a", .regex(pattern: "e\u{301}", options: "")),
                ]), "a", .repeatedOperator("$regex"), "$regex would stand twice on one field"
            ),
        ] as [(Filter, String?, FilterNotExpressible.Reason, String)])
    func whatRESTAPICant(
        filter: Filter, field: String?, reason: FilterNotExpressible.Reason, text: String
    ) throws {
        let error = try #require(#expect(throws: FilterNotExpressible.self) { try filter.rest() })
        #expect(error.field == field)
        #expect(error.reason == reason)
        #expect(error.description.contains(text), "\(error)")
        #expect(error.description.hasSuffix("Query the local store, or send several queries."))
    }

    @Test("the form takes conditions directly")
    func formTakesConditions() throws {
        let form = try RESTFilter(
            allOf: [Condition("a", .greater(1)), Condition("a", .less(5))],
            anyOf: [Condition("b", .equals(1)), Condition("b", .equals(2))])
        #expect(form.allOf == [Condition("a", .greater(1), .less(5))])
        #expect(form.anyOf == [Condition("b", .isIn([1, 2]))])
        #expect(RESTFilter().isEmpty)
        #expect(RESTFilter().filter == .all)
        #expect(throws: FilterNotExpressible.self) {
            try RESTFilter(allOf: [], anyOf: [Condition("a", .greater(1)), Condition("a", .greater(2))])
        }
    }
}
