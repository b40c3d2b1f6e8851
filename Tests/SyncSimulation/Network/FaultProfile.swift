import BkendSync

/// How often each kind of fault strikes; drawn for each seed.
package struct FaultProfile: Sendable {
    /// What can befall a request, a device or the answer.
    package enum Kind: String, CaseIterable, Sendable {
        /// No byte leaves the device.
        case notSent
        /// The request is lost on the way.
        case lostBefore
        /// The server acted; the answer is lost.
        case lostAfter
        /// The answer is cut, and the connection's end shows it.
        case cut
        /// The answer is cut in the middle of the body, and nothing shows it.
        case cutUnseen
        /// A captive portal answers 200 with HTML; the server hears nothing.
        case portal
        /// A proxy answers 404 with HTML; the server hears nothing.
        case proxy
        /// A gateway gives up after the server acted: 504 with HTML.
        case gateway
        /// 429 with Retry-After; the server didn't act.
        case tooMany
        /// 500 in bkend's JSON; the server didn't act.
        case serverError
        /// 500 in bkend's JSON after the server acted.
        case serverErrorAfter
        /// 408; the server didn't act.
        case requestTimeout
        /// 507; the server didn't act.
        case storageFull
        /// The request reaches the server up to 55 s late.
        case slow
        /// The answer takes up to 40 s.
        case slowAnswer
        /// A second copy of the request arrives 1 s to 10 min later.
        case duplicate
        /// The device is killed between two effects.
        case crash
        /// A broken proxy gives the answer to a create to the device's next one, and the other way round.
        case swapped

        /// Those that a plan's profile draws; the others are drawn apart, so that older seeds stay what they were.
        static let drawn = allCases.filter { $0 != .swapped }
    }

    private var rates: [Double]

    /// No faults.
    package init() { rates = Kind.allCases.map { _ in 0 } }

    /// The rate of a kind, 0 to 1.
    package subscript(kind: Kind) -> Double {
        get { rates[Self.position(kind)] }
        set { rates[Self.position(kind)] = newValue }
    }

    /// A seed's rates: none, one kind alone and often, or all together and seldom.
    init(drawnFrom random: inout SyncRandom) {
        self.init()
        switch random.number(0...9) {
        case 0, 1: return
        case 2, 3, 4:
            for _ in 1...random.number(1...2) {
                self[random.one(of: Kind.drawn)] = Double(random.number(4...25)) / 100
            }
        default:
            let top = random.one(of: [2, 4, 8])
            for kind in Kind.drawn { self[kind] = Double(random.number(0...top)) / 100 }
        }
    }

    private static func position(_ kind: Kind) -> Int { Kind.allCases.firstIndex(of: kind) ?? 0 }
}

/// What befalls one request.
struct Fate {
    /// The fault, nil for none.
    var fault: FaultProfile.Kind?
    /// From sending to arrival, in milliseconds.
    var outbound: Int64
    /// From arrival to the answer's arrival.
    var inbound: Int64
    /// When a second copy arrives, after the first.
    var duplicateAfter: Int64?
    /// For a cut body, how much of it comes, in 256ths.
    var cutAt: Int
    /// What `Retry-After` says, in seconds.
    var retryAfter: Int?
    /// What befalls a request about files besides.
    var ofFiles: FileTrouble.Kind?
    /// Whether of a file's bytes the second copy arrives as others.
    var isCopyDamaged = false

    init(_ profile: FaultProfile, _ random: inout SyncRandom) {
        outbound = Int64(random.number(5...80))
        inbound = Int64(random.number(5...80))
        cutAt = random.number(0...255)
        retryAfter = random.number(0...2) == 0 ? nil : random.number(0...20)
        let late = Int64(random.number(1_000...55_000))
        let lateAnswer = Int64(random.number(1_000...40_000))
        let copy = Int64(random.number(1...40)) * Int64(random.number(1_000...15_000))
        for kind in FaultProfile.Kind.drawn where kind != .crash && kind != .duplicate && fault == nil {
            if random.hits(profile[kind]) { fault = kind }
        }
        if random.hits(profile[.duplicate]) { duplicateAfter = copy }
        if profile[.swapped] > 0, random.hits(profile[.swapped]), fault == nil { fault = .swapped }
        if fault == .slow { outbound = late }
        if fault == .slowAnswer { inbound = lateAnswer }
    }
}
