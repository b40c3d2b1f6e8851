/// Who is next: places for so many, and a line in which projects take turns, then the clients within each, then what
/// one client asked for in its order. Next is whoever had a place longest ago, and before all who had none yet: a client
/// that asks for much waits behind itself, not before others, and one that asks once in a while is next.
///
/// A state machine without effects: each change answers whose turn it is now. Tickets are the caller's numbers, of which
/// none comes twice.
package struct FairQueue: Sendable {
    /// What comes of an arrival.
    package enum Arrival: Hashable, Sendable {
        /// It has a place.
        case admitted
        /// It waits. The line was full where another ticket is named: that one was the last of whoever had most in the
        /// line, and is out.
        case waits(pushingOut: Int?)
        /// It may not wait.
        case refused(Refusal)
    }

    /// Why nobody may wait.
    package enum Refusal: Hashable, Sendable {
        /// The client has as many in the line as one may.
        case clientShare
        /// The line is full of others who have no more in it.
        case full
    }

    /// What one client waits for and has in one environment.
    private struct Lane {
        var waiting: [Int] = []
        var running = 0
        /// When it last had its turn, 0 for never.
        var turn: Int
        /// When it came to the line: who never had a turn goes by this.
        let arrival: Int
    }

    private struct Project {
        var waiting = 0
        var running = 0
        var turn: Int
        let arrival: Int
    }

    /// When those had their turn who are neither in the line nor have a place. Without it who leaves the line and comes
    /// again would be a newcomer.
    private struct Memory<Key: Hashable & Sendable>: Sendable {
        private var turns: [Key: Int] = [:]

        /// The most that are remembered.
        private static var capacity: Int { 1_024 }

        subscript(key: Key) -> Int { turns[key] ?? 0 }

        mutating func keep(_ key: Key, _ turn: Int) {
            guard turn > 0 else { return }
            turns[key] = turn
            // Each turn belongs to one: no more than half of the capacity is left.
            if turns.count > Self.capacity { turns = turns.filter { $0.value > turn - Self.capacity / 2 } }
        }
    }

    private let limits: QueueLimits
    private var lanes: [QueueShare: Lane] = [:]
    private var projects: [String: Project] = [:]
    private var paused: Set<QueueShare.Place> = []
    private var clientTurns = Memory<QueueShare>()
    private var projectTurns = Memory<String>()
    private var turn = 0
    private var arrivals = 0
    /// How many have a place.
    package private(set) var running = 0
    /// How many wait.
    package private(set) var waiting = 0

    /// A queue with nobody in it.
    package init(_ limits: QueueLimits) { self.limits = limits }

    /// Someone comes who has a place if one is free; false leaves everything as it was.
    package mutating func admitAtOnce(_ share: QueueShare) -> Bool {
        // Whoever waits could not go on a moment ago, and only one's own share or pause can be the reason while a place
        // is free: who comes now passes nobody.
        guard mayRun(share) else { return false }
        admit(share)
        return true
    }

    /// Someone comes.
    package mutating func arrive(_ ticket: Int, of share: QueueShare) -> Arrival {
        if admitAtOnce(share) { return .admitted }
        let own = lanes[share]?.waiting.count ?? 0
        guard own < limits.waitingPerClient else { return .refused(.clientShare) }
        var out: Int?
        if waiting >= limits.waiting {
            out = pushOut(for: share, having: own)
            guard out != nil else { return .refused(.full) }
        }
        enter(share)
        lanes[share]?.waiting.append(ticket)
        projects[share.project]?.waiting += 1
        waiting += 1
        return .waits(pushingOut: out)
    }

    /// Someone goes out of the line; false when the ticket isn't in it.
    package mutating func giveUp(_ ticket: Int, of share: QueueShare) -> Bool {
        guard let place = lanes[share]?.waiting.firstIndex(of: ticket) else { return false }
        takeOut(place, of: share)
        forget(share)
        return true
    }

    /// Someone is done. The tickets have a place now.
    package mutating func leave(_ share: QueueShare) -> [Int] {
        lanes[share]?.running -= 1
        projects[share.project]?.running -= 1
        running -= 1
        forget(share)
        return next()
    }

    /// Nobody of an environment gets a place until it is resumed.
    package mutating func pause(_ share: QueueShare) { paused.insert(share.place) }

    /// An environment goes on. The tickets have a place now.
    package mutating func resume(_ share: QueueShare) -> [Int] {
        paused.remove(share.place)
        return next()
    }

    /// How many of an environment have a place.
    package func running(inEnvironmentOf share: QueueShare) -> Int {
        lanes.reduce(0) { $0 + ($1.key.place == share.place ? $1.value.running : 0) }
    }

    private func mayRun(_ share: QueueShare) -> Bool {
        running < limits.places && !paused.contains(share.place)
            && projects[share.project]?.running ?? 0 < limits.placesPerProject
            && lanes[share]?.running ?? 0 < limits.placesPerClient
    }

    private mutating func admit(_ share: QueueShare) {
        turn += 1
        enter(share)
        lanes[share]?.turn = turn
        lanes[share]?.running += 1
        projects[share.project]?.turn = turn
        projects[share.project]?.running += 1
        running += 1
    }

    private mutating func enter(_ share: QueueShare) {
        arrivals += 1
        if lanes[share] == nil { lanes[share] = Lane(turn: clientTurns[share], arrival: arrivals) }
        if projects[share.project] == nil {
            projects[share.project] = Project(turn: projectTurns[share.project], arrival: arrivals)
        }
    }

    /// Gives places to those whose turn it is, as long as there are any.
    private mutating func next() -> [Int] {
        var tickets: [Int] = []
        while running < limits.places, let share = longestWithoutTurn() {
            tickets.append(takeOut(0, of: share))
            admit(share)
        }
        return tickets
    }

    private func longestWithoutTurn() -> QueueShare? {
        var best: (share: QueueShare, turns: (Int, Int, Int, Int))?
        for (share, lane) in lanes where !lane.waiting.isEmpty && mayRun(share) {
            let project = projects[share.project]
            let turns = (project?.turn ?? 0, project?.arrival ?? 0, lane.turn, lane.arrival)
            if let best, best.turns <= turns { continue }
            best = (share, turns)
        }
        return best?.share
    }

    /// Takes the last ticket of whoever has most in the line out of it: of the project that has most, the client that
    /// has most. Nil when that would be no fairer than to refuse the newcomer.
    private mutating func pushOut(for share: QueueShare, having own: Int) -> Int? {
        let fullest = projects.max { ($0.value.waiting, $0.key) < ($1.value.waiting, $1.key) }
        guard let fullest else { return nil }
        let isOwnProject = fullest.key == share.project
        guard isOwnProject || fullest.value.waiting > (projects[share.project]?.waiting ?? 0) + 1 else { return nil }
        let lane =
            lanes.filter { $0.key.project == fullest.key }
            .max { ($0.value.waiting.count, $0.key.client) < ($1.value.waiting.count, $1.key.client) }
        guard let lane, !isOwnProject || lane.value.waiting.count > own + 1 else { return nil }
        let ticket = takeOut(lane.value.waiting.count - 1, of: lane.key)
        forget(lane.key)
        return ticket
    }

    @discardableResult
    private mutating func takeOut(_ place: Int, of share: QueueShare) -> Int {
        projects[share.project]?.waiting -= 1
        waiting -= 1
        return lanes[share]?.waiting.remove(at: place) ?? 0
    }

    /// Keeps nothing of those who neither wait nor run.
    private mutating func forget(_ share: QueueShare) {
        if let lane = lanes[share], lane.running == 0, lane.waiting.isEmpty {
            clientTurns.keep(share, lane.turn)
            lanes[share] = nil
        }
        if let project = projects[share.project], project.running == 0, project.waiting == 0 {
            projectTurns.keep(share.project, project.turn)
            projects[share.project] = nil
        }
    }
}
