import BkendSync
import BkendWire

/// What a seed decides before anything happens: who takes part, what befalls them, and what they do.
package struct Plan: Sendable {
    /// The seed.
    package let seed: UInt64
    /// The owners of the devices' stores, in order; `""` is a guest.
    package var owners: [String] = []
    /// How often faults strike.
    package var profile = FaultProfile()
    /// What is done, in order.
    package var steps: [Step] = []
    /// The nodes of the server.
    package var skews: [Int64] = [0]
    /// How long an access token lives, in milliseconds.
    package var tokenLifetime: Int64 = 3_600_000
    /// The grace of refreshes that the server announces, in milliseconds; nil for none.
    package var refreshGrace: Int64?
    /// How often the answer to a refresh is lost, beside what the profile does.
    package var refreshLoss = 0.0
    /// How many records the server has at the beginning.
    package var records = 0
    /// Whether the server keeps `clientKey` unique.
    package var hasUniqueKeys = true
    /// What a conflict comes to.
    package var policies = SyncPolicies()
    /// Whether most rows may go only after a second look, even of a small table.
    package var looksTwice = false
    /// How many requests go side by side.
    package var lanes = 8
    /// The longest that the sync of a transaction takes, in milliseconds.
    package var slowestCommit: Int64 = 0
    /// How many counters there are, to which devices and others add.
    package var counters = 0
    /// The most rows of a page, and those of a first pull's range: small ones make few records many pages.
    package var pageSize = (rows: 100, range: 5_000)

    /// What files there are; nil for a seed without any.
    package var files: FilePlan?

    /// Draws the plan of a seed.
    ///
    /// - Parameter length: how many steps it has.
    package init(seed: UInt64, length: Int) {
        self.seed = seed
        var random = Chance(seed: seed).sequence("plan")
        profile = FaultProfile(drawnFrom: &random)
        let users = ["ann", "bob", "cid"].prefix(random.number(1...3))
        // A short plan is carried out by few, so that something happens between them.
        owners = (0..<random.number(2...(length < 50 ? 2 : 5))).map { _ in random.one(of: Array(users)) }
        if random.hits(0.15) { owners[0] = "" }
        if random.hits(0.3) { skews = (0..<random.number(2...3)).map { _ in Int64(random.number(-15_000...15_000)) } }
        if random.hits(0.3) { tokenLifetime = Int64(random.number(60_000...600_000)) }
        records = random.one(of: length < 50 ? [0, 5, 20] : [0, 0, 5, 20, 40, 130])
        hasUniqueKeys = random.hits(0.75)
        policies = Self.policies(&random)
        if random.hits(0.15) { lanes = 1 }
        draw(length, &random)
        slowestCommit = random.one(of: [0, 0, 10, 150])
        pageSize = (random.one(of: [100, 100, 20, 6]), random.one(of: [5_000, 5_000, 8]))
        looksTwice = steps.contains { $0.kind == .empty }
        drawNewIDs()
        drawGrace()
        drawForms()
        drawCounters()
        drawQueue()
        drawFiles()
    }

    /// Servers that announce a grace, and refreshes whose answers are lost: drawn apart, so that older seeds stay what they
    /// were.
    private mutating func drawGrace() {
        var random = Chance(seed: seed).sequence("grace")
        if random.hits(0.5) { refreshGrace = random.one(of: [2_000, 10_000, 30_000]) }
        guard random.hits(0.2) else { return }
        tokenLifetime = Int64(random.number(30_000...120_000))
        refreshLoss = Double(random.number(10...60)) / 100
    }

    /// Records that come back under new ids, and answers that are swapped: drawn apart, so that older seeds stay what they
    /// were.
    private mutating func drawNewIDs() {
        var random = Chance(seed: seed).sequence("new ids")
        if random.hits(0.2) { profile[.swapped] = Double(random.number(5...40)) / 100 }
        guard random.hits(0.2), let end = steps.last?.at else { return }
        for _ in 0..<random.number(1...2) {
            steps.append(
                Step(at: Int64(random.number(0...Int(end))), kind: .renew, device: 0, pick: random.next()))
        }
        steps.sort { $0.at < $1.at }
    }

    /// Forms that are saved some time after they were opened; drawn apart like all that follows.
    private mutating func drawForms() {
        var random = Chance(seed: seed).sequence("forms")
        guard random.hits(0.3), let end = steps.last?.at else { return }
        for _ in 0..<random.number(1...4) {
            let opened = Int64(random.number(0...Int(end)))
            let device = random.number(0...(owners.count - 1))
            steps.append(Step(at: opened, kind: .openForm, device: device, pick: random.next()))
            let saved = opened + Int64(random.number(500...60_000))
            steps.append(Step(at: saved, kind: .saveForm, device: device, pick: random.next()))
        }
        steps.sort { $0.at < $1.at }
    }

    /// Counters to which everybody adds, and whose conflicts are merged by sums.
    private mutating func drawCounters() {
        var random = Chance(seed: seed).sequence("counters")
        guard random.hits(0.2), let end = steps.last?.at else { return }
        counters = random.number(1...2)
        policies.conflictByTable["counters"] = Self.counting(hidingMaybeApplied: false)
        for _ in 0..<random.number(4...16) {
            steps.append(
                Step(
                    at: Int64(random.number(0...Int(end))), kind: random.hits(0.6) ? .increment : .remoteIncrement,
                    device: random.number(0...(owners.count - 1)), pick: random.next()))
        }
        steps.sort { $0.at < $1.at }
    }

    /// Another's updates that have waited for the server's writer: most often where pulls alone must bring everything.
    private mutating func drawQueue() {
        var random = Chance(seed: seed).sequence("queue")
        guard random.hits(changesByWritesOnly ? 0.9 : 0.1), let end = steps.last?.at else { return }
        for _ in 0..<random.number(1...4) {
            steps.append(
                Step(at: Int64(random.number(0...Int(end))), kind: .remoteQueued, device: 0, pick: random.next()))
        }
        steps.sort { $0.at < $1.at }
    }

    /// The recipe of docs/offline.md: what was added here is added to the server's number, unless it may be in it.
    static func counting(hidingMaybeApplied: Bool) -> ConflictPolicy {
        .merge { conflict in
            let (mine, theirs) = (conflict.mine.intValue ?? 0, conflict.theirs?.intValue ?? 0)
            if conflict.maybeApplied && !hidingMaybeApplied { return .int(theirs) }
            return .int(theirs + mine - (conflict.before?.intValue ?? 0))
        }
    }

    private mutating func draw(_ length: Int, _ random: inout SyncRandom) {
        var weights: [(Step.Kind, Int)] = [
            (.create, 14), (.createNaming, 6), (.update, 20), (.updateNaming, 4), (.delete, 6), (.batch, 4),
            (.retry, 4), (.discard, 3), (.edit, 2), (.acknowledge, 1), (.subscribe, 2), (.unsubscribe, 1),
            (.pause, 1), (.resume, 3), (.syncNow, 5), (.signIn, 3), (.reachability, 2),
            (.remoteCreate, 8), (.remoteUpdate, 12), (.remoteDelete, 5),
        ]
        // The rarer things come in some seeds only: where everything happens, everything hides everything.
        let rare: [(Step.Kind, Int)] = [
            (.crash, 4), (.blackout, 2), (.signOut, 1), (.otherUser, 1), (.clock, 2), (.usurp, 1), (.permission, 2),
            (.column, 1), (.rowFilter, 1), (.backup, 2), (.skew, 1), (.table, 1), (.scope, 1), (.key, 1), (.empty, 1),
            (.revokeSessions, 1), (.fillDisk, 2),
            (.schema, 2),
        ]
        for item in rare where random.hits(0.25) {
            weights.append(item)
            if item.0 == .backup { weights.append((.restore, 1)) }
        }
        let pace = random.one(of: [200, 1_500, 6_000])
        var moment: Int64 = 0
        for _ in 0..<length {
            let gap = random.number(0...9) == 0 ? random.number(0...40_000) : random.number(0...pace)
            moment += Int64(gap)
            steps.append(
                Step(
                    at: moment, kind: random.one(by: weights), device: random.number(0...(owners.count - 1)),
                    pick: random.next()))
        }
    }

    /// Whether rows come, go and change by writes only, each with a later `updatedAt`.
    var changesByWritesOnly: Bool {
        let others: Set<Step.Kind> = [
            .renew, .permission, .column, .rowFilter, .restore, .skew, .table, .scope, .key, .empty, .schema, .signOut,
            .otherUser, .takeOver, .moveGuest,
        ]
        return skews == [0] && !steps.contains { others.contains($0.kind) }
    }

    private static func policies(_ random: inout SyncRandom) -> SyncPolicies {
        var policies = SyncPolicies()
        switch random.number(0...3) {
        case 0: policies.conflict = .serverWins
        case 1:
            policies.conflict = .merge {
                $0.mine.description < $0.theirs?.description ?? "" ? $0.mine : $0.theirs ?? $0.mine
            }
        default: break
        }
        if random.hits(0.25) { policies.deletedElsewhere = .createAgain }
        return policies
    }
}
