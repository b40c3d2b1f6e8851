import Testing

@testable import BkendAccounts

/// The same numbers for the same seed (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("The queue that shares fairly")
struct FairQueueTests {
    static func share(_ project: String, _ client: String, environment: String = "dev") -> QueueShare {
        QueueShare(project: project, environment: environment, client: client)
    }

    let ann = share("blog", "ann")
    let ben = share("blog", "ben")
    let shop = share("shop", "cat")

    static func queue(
        places: Int = 1, perProject: Int? = nil, perClient: Int? = nil, waiting: Int = 100, waitingPerClient: Int = 100
    ) -> FairQueue {
        FairQueue(
            QueueLimits(
                places: places, placesPerProject: perProject, placesPerClient: perClient, waiting: waiting,
                waitingPerClient: waitingPerClient))
    }

    @Test("Who comes while a place is free has it; the next one waits, and has it then")
    func places() {
        var queue = Self.queue(places: 2)
        #expect(queue.arrive(1, of: ann) == .admitted)
        #expect(queue.arrive(2, of: ann) == .admitted)
        #expect(queue.arrive(3, of: ann) == .waits(pushingOut: nil))
        #expect((queue.running, queue.waiting) == (2, 1))
        #expect(queue.leave(ann) == [3])
        #expect(queue.leave(ann) == [])
        #expect(queue.leave(ann) == [])
        #expect((queue.running, queue.waiting) == (0, 0))
    }

    @Test("One client's come in their order")
    func order() {
        var queue = Self.queue()
        for ticket in 1...5 { _ = queue.arrive(ticket, of: ann) }
        #expect((2...5).map { _ in queue.leave(ann) } == [[2], [3], [4], [5]])
    }

    @Test("A client that asks for much waits behind itself")
    func clients() {
        var queue = Self.queue()
        for ticket in 1...10 { _ = queue.arrive(ticket, of: ann) }
        _ = queue.arrive(11, of: ben)
        // Who had nothing yet is next.
        #expect(queue.leave(ann) == [11])
        #expect(queue.leave(ben) == [2])
        // Who was served and comes again takes turns with those who were here.
        _ = queue.arrive(12, of: ben)
        _ = queue.arrive(13, of: ben)
        #expect(queue.leave(ann) == [12])
        #expect(queue.leave(ben) == [3])
        #expect(queue.leave(ann) == [13])
    }

    @Test("Who leaves the line and comes again is no newcomer")
    func comingAgain() {
        var queue = Self.queue()
        _ = queue.arrive(1, of: ben)
        _ = queue.arrive(2, of: ann)
        #expect(queue.leave(ben) == [2])
        // Ben had a place and is gone; Ann has one. Both wait again, and so does who never had one.
        _ = queue.arrive(3, of: ann)
        _ = queue.arrive(4, of: ben)
        _ = queue.giveUp(4, of: ben)
        _ = queue.arrive(5, of: ben)
        _ = queue.arrive(6, of: Self.share("blog", "dan"))
        #expect(queue.leave(ann) == [6])
        #expect(queue.leave(Self.share("blog", "dan")) == [5])
        #expect(queue.leave(ben) == [3])
    }

    @Test("Projects take turns, however many clients one has")
    func projects() {
        var queue = Self.queue()
        for ticket in 1...9 { _ = queue.arrive(ticket, of: Self.share("blog", "\(ticket)")) }
        _ = queue.arrive(10, of: shop)
        _ = queue.arrive(11, of: shop)
        var order: [Int] = []
        var last = Self.share("blog", "1")
        while let next = queue.leave(last).first {
            order.append(next)
            last = next > 9 ? shop : Self.share("blog", "\(next)")
        }
        #expect(order == [10, 2, 11, 3, 4, 5, 6, 7, 8, 9])
    }

    @Test("A place is left to others: neither a project nor a client has all")
    func caps() {
        var queue = Self.queue(places: 3, perProject: 2, perClient: 1)
        #expect(queue.arrive(1, of: ann) == .admitted)
        #expect(queue.arrive(2, of: ann) == .waits(pushingOut: nil))
        #expect(queue.arrive(3, of: ben) == .admitted)
        #expect(queue.arrive(4, of: Self.share("blog", "dan")) == .waits(pushingOut: nil))
        #expect(queue.arrive(5, of: shop) == .admitted)
        // The shop's place goes to nobody of the blog, the blog's to the one who has none.
        #expect(queue.leave(shop) == [])
        #expect(queue.leave(ben) == [4])
        #expect(queue.leave(ann) == [2])
    }

    @Test("A client's own share and the whole line are full for different reasons")
    func limits() {
        var queue = Self.queue(waiting: 3, waitingPerClient: 2)
        _ = queue.arrive(1, of: ann)
        #expect(queue.arrive(2, of: ann) == .waits(pushingOut: nil))
        #expect(queue.arrive(3, of: ann) == .waits(pushingOut: nil))
        #expect(queue.arrive(4, of: ann) == .refused(.clientShare))
        #expect(queue.arrive(5, of: ben) == .waits(pushingOut: nil))
        // The last of ann's gives way to who has nothing in the line, and nobody to who has as much.
        #expect(queue.arrive(6, of: shop) == .waits(pushingOut: 3))
        #expect(queue.arrive(7, of: Self.share("shop", "dan")) == .refused(.full))
        #expect(queue.waiting == 3)
    }

    @Test("A full line of many clients of one project makes room for another project")
    func pushingOutOfProjects() {
        var queue = Self.queue(waiting: 3)
        for ticket in 1...4 { _ = queue.arrive(ticket, of: Self.share("blog", "\(ticket)")) }
        #expect(queue.arrive(5, of: Self.share("blog", "5")) == .refused(.full))
        guard case .waits(.some) = queue.arrive(6, of: shop) else { return #expect(Bool(false), "the shop waits") }
        #expect(queue.arrive(7, of: shop) == .refused(.full))
    }

    @Test("Who gives up is out of the line, and only once")
    func givingUp() {
        var queue = Self.queue()
        _ = queue.arrive(1, of: ann)
        _ = queue.arrive(2, of: ann)
        _ = queue.arrive(3, of: ben)
        let gone = (queue.giveUp(2, of: ann), queue.giveUp(2, of: ann), queue.giveUp(1, of: ann))
        #expect(gone == (true, false, false))
        #expect(queue.leave(ann) == [3])
    }

    @Test("Nobody of an environment that is paused has a place, others do")
    func pausing() {
        var queue = Self.queue(places: 2)
        let production = Self.share("blog", "ann", environment: "prod")
        _ = queue.arrive(1, of: ann)
        queue.pause(ben)
        #expect(queue.running(inEnvironmentOf: ben) == 1)
        #expect(queue.arrive(2, of: ann) == .waits(pushingOut: nil))
        #expect(queue.arrive(3, of: production) == .admitted)
        #expect(queue.leave(ann) == [])
        #expect(queue.running(inEnvironmentOf: ben) == 0)
        #expect(queue.resume(ben) == [2])
    }

    @Test("Whatever happens, places and line keep to their limits, and nobody is forgotten")
    func randomly() {
        var random = SeededRandom(seed: 12)
        for _ in 0..<200 {
            let limits = QueueLimits(
                places: .random(in: 1...4, using: &random), placesPerProject: .random(in: 1...4, using: &random),
                placesPerClient: .random(in: 1...4, using: &random), waiting: .random(in: 0...12, using: &random),
                waitingPerClient: .random(in: 0...6, using: &random))
            var queue = FairQueue(limits)
            var (waiting, running): ([Int: QueueShare], [Int: QueueShare]) = ([:], [:])
            func admit(_ tickets: [Int]) {
                for ticket in tickets { running[ticket] = waiting.removeValue(forKey: ticket) }
            }
            for ticket in 1...200 {
                let share = Self.share(
                    ["a", "b", "c"].randomElement(using: &random) ?? "", ["x", "y"].randomElement(using: &random) ?? "")
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5:
                    switch queue.arrive(ticket, of: share) {
                    case .admitted: running[ticket] = share
                    case .waits(let out):
                        waiting[ticket] = share
                        if let out { waiting[out] = nil }
                    case .refused: break
                    }
                case 5..<8:
                    guard let done = running.keys.sorted().randomElement(using: &random) else { break }
                    if let share = running.removeValue(forKey: done) { admit(queue.leave(share)) }
                case 8:
                    guard let gone = waiting.keys.sorted().randomElement(using: &random) else { break }
                    if let share = waiting.removeValue(forKey: gone) {
                        let isOut = queue.giveUp(gone, of: share)
                        #expect(isOut)
                    }
                default:
                    queue.pause(share)
                    admit(queue.resume(share))
                }
                #expect((queue.running, queue.waiting) == (running.count, waiting.count))
                #expect(running.count <= limits.places && waiting.count <= limits.waiting)
                let perProject = Dictionary(grouping: running.values, by: \.project).values.map(\.count).max() ?? 0
                let perClient = Dictionary(grouping: running.values, by: { $0 }).values.map(\.count).max() ?? 0
                #expect(perProject <= limits.placesPerProject && perClient <= limits.placesPerClient)
            }
            while let (ticket, share) = running.first {
                running[ticket] = nil
                admit(queue.leave(share))
            }
            #expect(waiting.isEmpty && queue.waiting == 0 && queue.running == 0)
        }
    }
}
