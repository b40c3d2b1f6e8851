import BkendWire
import Testing

@Suite struct FilterTests {
    static let composed = "caf\u{E9}"
    static let decomposed = "cafe\u{301}"

    @Test(
        "filters that mean different records are different",
        arguments: [
            (Filter.condition(Condition(composed, .equals(1))), Filter.condition(Condition(decomposed, .equals(1)))),
            (
                .condition(Condition("a", .equals(.string(composed)))),
                .condition(Condition("a", .equals(.string(decomposed))))
            ),
            (
                .condition(Condition("a", .regex(pattern: composed, options: ""))),
                .condition(Condition("a", .regex(pattern: decomposed, options: "")))
            ),
            (
                .condition(Condition("a", .regex(pattern: "x", options: "i"))),
                .condition(Condition("a", .regex(pattern: "x", options: "")))
            ),
            (.condition(Condition("a", .equals(1))), .condition(Condition("a", .contains(1)))),
            (.condition(Condition("a", .isIn([]))), .condition(Condition("a", .isNotIn([])))),
            (.condition(Condition("a", .exists(true))), .condition(Condition("a", .exists(false)))),
            (.condition(Condition("a", .exists(true))), .condition(Condition("a", .equals(true)))),
            (.allOf([]), .anyOf([])), (.not(.all), .all),
        ] as [(Filter, Filter)])
    func filtersMeanDifferent(a: Filter, b: Filter) {
        #expect(a != b)
        #expect(Set([a, b]).count == 2)
    }

    @Test("equal filters hash equally")
    func equalFiltersHash() {
        let a = Filter.condition(Condition("a", .equals(1), .less(2.0)))
        let b = Filter.condition(Condition("a", [.equals(1.0), .less(2)]))
        #expect(a == b)
        #expect(a.hashValue == b.hashValue)
    }

    @Test("filter and condition can be seen as a filter")
    func filterConditionCan() {
        let condition = Condition("a", .equals(1))
        #expect(condition.filter == .condition(condition))
        #expect(condition.filter.filter == condition.filter)
        #expect(Filter.all == .allOf([]))
    }

    @Test("queries that differ only in Unicode form are different")
    func queriesDifferOnly() {
        let pairs = [
            (Query(search: .init(Self.composed)), Query(search: .init(Self.decomposed))),
            (Query(search: .init("x", in: Self.composed)), Query(search: .init("x", in: Self.decomposed))),
            (Query(sort: [.init(Self.composed)]), Query(sort: [.init(Self.decomposed)])),
            (Query(select: [Self.composed]), Query(select: [Self.decomposed])), (Query(select: nil), Query(select: [])),
        ]
        for (a, b) in pairs {
            #expect(a != b)
            #expect(Set([a, b, a]).count == 2)
        }
        #expect(QueryItem("a", Self.composed) != QueryItem("a", Self.decomposed))
        #expect(Set([QueryItem(Self.composed, ""), QueryItem(Self.decomposed, "")]).count == 2)
    }
}
