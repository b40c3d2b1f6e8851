import BkendWire
import Testing

@testable import BkendServer

@Suite struct FilterHidingTests {
    static let nothing = Filter.anyOf([])

    @Test(
        "A condition on a hidden field reads as if the field were missing",
        arguments: [
            (FilterOperator.equals(1), false), (.equals(nil), true), (.notEquals(1), true), (.notEquals(nil), false),
            (.greater(0), false), (.greaterOrEqual(nil), true), (.lessOrEqual(5), false), (.isIn([1, nil]), true),
            (.isIn([1]), false), (.isNotIn([1]), true), (.isNotIn([nil]), false), (.exists(true), false),
            (.exists(false), true), (.regex(pattern: ".*", options: ""), false), (.contains(""), false),
        ])
    func operators(filterOperator: FilterOperator, matches: Bool) {
        let filter = Filter.condition(Condition("salary.base", filterOperator)).hiding(["salary"])
        #expect(filter == (matches ? .all : Self.nothing))
    }

    @Test("Other fields are left alone, also those whose name only starts alike")
    func others() {
        let filter = Filter.condition(Condition("salaryBand", .equals(1)))
        #expect(filter.hiding(["salary"]) == filter)
        #expect(!filter.mentions(["salary"]))
        #expect(Filter.not(.anyOf([filter])).mentions(["salaryBand"]))
    }

    @Test("Negation turns over what a missing field gives")
    func negation() {
        let filter = Filter.not(.condition(Condition("salary", .equals(1)))).hiding(["salary"])
        #expect(filter == .not(Self.nothing))
    }
}
