import BkendWire
import Testing

@Suite struct PageLimitTests {
    private func expect(
        _ limit: inout PageLimit, refuses asked: Int, named: Int?, is isSmaller: Bool,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let found = limit.refused(asked, named: named)
        #expect(found == isSmaller, sourceLocation: location)
    }

    @Test("a refusal is obeyed, remembered for sixteen pages, and then tried again bit by bit")
    func refusalObeyedRemembered() {
        var limit = PageLimit(maximum: 100)
        expect(&limit, refuses: 100, named: 24, is: true)
        #expect(limit.rows == 24)
        for _ in 0..<16 { limit.came() }
        #expect(limit.rows == 24)
        limit.came()
        #expect(limit.rows == 27)
        for _ in 0..<30 { limit.came() }
        #expect(limit.rows == 100 && limit.isWhole)
    }

    @Test(
        "what makes no sense halves",
        arguments: [(nil, 50), (0, 50), (-1, 50), (100, 50), (300, 50), (99, 99), (1, 1)] as [(Int?, Int)])
    func whatMakesNo(named: Int?, rows: Int) {
        var limit = PageLimit(maximum: 100)
        expect(&limit, refuses: 100, named: named, is: true)
        #expect(limit.rows == rows)
    }

    @Test("one row is the least, and refusing it is final")
    func oneRowLeast() {
        var limit = PageLimit(maximum: 2)
        expect(&limit, refuses: 2, named: nil, is: true)
        #expect(limit.rows == 1)
        expect(&limit, refuses: 1, named: 1, is: false)
        #expect(PageLimit(maximum: 0).rows == 1)
    }

    @Test("of several refused together the smallest counts, and a late one doesn't raise it")
    func severalRefusedTogether() {
        var limit = PageLimit(maximum: 100)
        expect(&limit, refuses: 100, named: 10, is: true)
        expect(&limit, refuses: 100, named: 40, is: true)
        #expect(limit.rows == 10)
    }

    @Test("a lost page halves, and each that comes lets it grow")
    func lostPageHalves() {
        var limit = PageLimit(maximum: 100)
        limit.lost(100)
        limit.lost(100)
        #expect(limit.rows == 50)
        limit.came()
        #expect(limit.rows == 56)
        limit.lost(1)
        #expect(limit.rows == 56)
    }
}
