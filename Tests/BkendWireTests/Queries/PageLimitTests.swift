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

    @Test func `a refusal is obeyed, remembered for sixteen pages, and then tried again bit by bit`() {
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

    @Test(arguments: [(nil, 50), (0, 50), (-1, 50), (100, 50), (300, 50), (99, 99), (1, 1)] as [(Int?, Int)])
    func `what makes no sense halves`(named: Int?, rows: Int) {
        var limit = PageLimit(maximum: 100)
        expect(&limit, refuses: 100, named: named, is: true)
        #expect(limit.rows == rows)
    }

    @Test func `one row is the least, and refusing it is final`() {
        var limit = PageLimit(maximum: 2)
        expect(&limit, refuses: 2, named: nil, is: true)
        #expect(limit.rows == 1)
        expect(&limit, refuses: 1, named: 1, is: false)
        #expect(PageLimit(maximum: 0).rows == 1)
    }

    @Test func `of several refused together the smallest counts, and a late one doesn't raise it`() {
        var limit = PageLimit(maximum: 100)
        expect(&limit, refuses: 100, named: 10, is: true)
        expect(&limit, refuses: 100, named: 40, is: true)
        #expect(limit.rows == 10)
    }

    @Test func `a lost page halves, and each that comes lets it grow`() {
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
