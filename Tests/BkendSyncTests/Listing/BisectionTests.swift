import BkendSync
import BkendWire
import Testing

/// Differences are found by counting.
@Suite struct BisectionTests {
    private struct Members: Bisection.Members {
        var ids: [String]
        func count(in range: IDRange) -> Int { ids.count { range.contains($0) } }
        func id(at position: Int, in range: IDRange) -> String? { ids.filter { range.contains($0) }[position] }
    }

    private func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 24 - digits.count) + digits
    }

    /// Runs a bisection against a set of rows; the rows here afterwards, and the number of questions.
    private func run(_ bisection: Bisection, mine: [String], theirs: [String]) throws -> (ids: [String], asked: Int) {
        var bisection = bisection
        var members = Members(ids: mine)
        var asked = 0
        while let ask = try bisection.next(members) {
            asked += 1
            #expect(asked < 10_000)
            switch ask {
            case .count(let left, let range):
                bisection.take(count: theirs.count { left.contains($0) }, left: left, of: range)
            case .rows(let range):
                let all = theirs.filter { range.contains($0) }
                let rows = all.prefix(100).map { AnswerRow(id: $0, updatedAt: nil, text: []) }
                let page = AnswerPage(rows: rows, total: all.count, hasNext: all.count > 100)
                let spoken = bisection.take(rows: page, of: range, limit: 100)
                members.ids.removeAll { id in spoken.contains(id) && !rows.contains { $0.id == id } }
                members.ids += rows.map(\.id).filter { !members.ids.contains($0) }
                members.ids.sort()
            }
        }
        return (members.ids, asked)
    }

    @Test func oneDeleteAmongThousandsTakesAFewQuestions() throws {
        let mine = (0..<3_000).map(id)
        var theirs = mine
        theirs.remove(at: 1_543)
        let (ids, asked) = try run(Bisection(total: theirs.count, leafSize: 100), mine: mine, theirs: theirs)
        #expect(ids == theirs)
        #expect(asked <= 7)
    }

    @Test(arguments: 0..<20)
    func anyDifferenceThatCountsShowIsFound(_ seed: Int) throws {
        var random = SyncRandom(seed: UInt64(seed))
        let all = (0..<1_000).map(id)
        let mine = all.filter { _ in Int.random(in: 0..<100, using: &random) < 97 }
        let theirs = all.filter { _ in Int.random(in: 0..<100, using: &random) < 95 }
        guard mine.count != theirs.count else { return }
        let (ids, _) = try run(Bisection(total: theirs.count, leafSize: 100), mine: mine, theirs: theirs)
        // What cancels out inside a range stays unseen; the totals agree afterwards.
        #expect(ids.count == theirs.count)
    }

    @Test func nothingHereAndManyThereAreReadPageByPage() throws {
        let theirs = (0..<1_050).map(id)
        let (ids, asked) = try run(Bisection(total: theirs.count, leafSize: 100), mine: [], theirs: theirs)
        #expect(ids == theirs && asked == 11)
    }

    @Test func everythingGoneIsSeen() throws {
        let mine = (0..<1_000).map(id)
        let (ids, asked) = try run(Bisection(total: 0, leafSize: 100), mine: mine, theirs: [])
        #expect(ids.isEmpty && asked < 40)
    }

    @Test func aPartThatDiffersIsEnough() throws {
        let mine = (0..<500).map(id)
        var theirs = mine
        theirs.remove(at: 400)
        theirs.append(id(100_000))
        let left = IDRange(through: id(450))
        let bisection = Bisection(left: left, count: theirs.count { left.contains($0) }, leafSize: 100)
        #expect(try run(bisection, mine: mine, theirs: theirs).ids == theirs)
    }
}
