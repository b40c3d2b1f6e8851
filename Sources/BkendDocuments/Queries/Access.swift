/// One way to reach documents.
struct Access {
    var source: Plan.Source
    /// The positions of the terms that it answers.
    var served: Set<Int>
    /// Whether what it answers needs no second look.
    var isExact = true
    /// How it gives the query's order: forwards (false), backwards (true), or not at all.
    var reversed: Bool?
    /// How much an index narrows down, for a choice between those that have many entries.
    var rank = 0

    init(source: Plan.Source, served: Set<Int>, reversed: Bool?) {
        self.source = source
        self.served = served
        self.reversed = reversed
    }

    init(source: Plan.Source, served: [Int], reversed: Bool?) {
        self.init(source: source, served: Set(served), reversed: reversed)
    }

    var isNothing: Bool { if case .nothing = source { true } else { false } }
}
