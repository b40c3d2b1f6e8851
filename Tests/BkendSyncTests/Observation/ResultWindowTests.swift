import BkendDocuments
import BkendWire
import Testing

@testable import BkendSync

@Suite struct ResultWindowTests {
    /// Items with `n` of 10 or more, least first.
    private let query = Query(
        filter: .condition(Condition("n", .greaterOrEqual(10))), sort: [Query.Sort("n")])

    private func window(_ ids: [String], last: (String, Int)? = nil) throws -> ResultWindow {
        let probe = try QueryProbe(query)
        var window = ResultWindow(
            table: "items", ids: Set(ids.map(ExactString.init)), named: query.namedTexts, probe: probe)
        window.last = try last.map { try probe.place(of: document($0.0, $0.1), id: $0.0) }
        return window
    }

    private func document(_ id: String, _ n: Int) -> DocumentText {
        DocumentText(bytes: Array(#"{"id":"\#(id)","n":\#(n)}"#.utf8))
    }

    private func change(
        _ id: String, _ n: Int?, table: String = "items", formerly: String? = nil, _ kind: StoreChange.Kind = .document
    ) -> ObservedChange {
        ObservedChange(
            StoreChange(sequence: 1, table: table, record: id, formerly: formerly, kind: kind),
            document: n.map { document(id, $0) })
    }

    @Test("What is in the result touches it, whatever happens to it; what is not, when it matches")
    func membership() throws {
        let window = try window(["a", "b"])
        #expect(try window.isTouched(by: change("a", 11)))
        #expect(try window.isTouched(by: change("a", 1)))
        #expect(try window.isTouched(by: change("a", nil)))
        #expect(try window.isTouched(by: change("a", nil, .state)))
        #expect(try window.isTouched(by: change("c", 12)))
        #expect(try !window.isTouched(by: change("c", 9)))
        #expect(try !window.isTouched(by: change("c", nil)))
        #expect(try !window.isTouched(by: change("c", 12, .state)))
        #expect(try !window.isTouched(by: change("a", 12, table: "others")))
    }

    @Test("A full window is entered only before its last record; ties go by id")
    func limits() throws {
        let window = try window(["a", "m"], last: ("m", 20))
        #expect(try window.isTouched(by: change("z", 19)))
        #expect(try !window.isTouched(by: change("z", 20)))
        #expect(try window.isTouched(by: change("b", 20)))
        #expect(try !window.isTouched(by: change("b", 21)))
        var shut = try self.window([])
        shut.isShut = true
        #expect(try !shut.isTouched(by: change("b", 21)))
    }

    @Test("A rename touches what holds or names the record, in any table")
    func renames() throws {
        #expect(try window(["~1"]).isTouched(by: change("s1", 1, formerly: "~1")))
        #expect(try !window(["a"]).isTouched(by: change("s1", 1, formerly: "~1")))
        var naming = try window(["a"])
        let filter = Filter.condition(Condition("list", .equals("~1")))
        naming.named = Query(filter: filter).namedTexts
        #expect(try naming.isTouched(by: change("s1", nil, table: "lists", formerly: "~1")))
        naming.named = Query(sort: [Query.Sort("votes.~1")]).namedTexts
        #expect(try naming.isTouched(by: change("s1", nil, table: "lists", formerly: "~1")))
    }
}
