@testable import BkendCurl

/// The protocol between tasks, the loop's thread, libcurl and the kernel, small enough to be searched whole.
///
/// `take` is the protocol: which step may follow in a state, and what becomes of the state. The search (`LoopSearch`)
/// tries every order of the steps that `steps(of:)` allows; the comparison (`LoopComparison`) lets `take` judge the steps
/// of real runs. libcurl is modelled as the worst that it may be: whenever it runs it may want other sockets, close one,
/// and ask for another deadline.
struct LoopModel: Hashable {
    struct Socket: Hashable {
        var isWanted = false
        var place = LoopEvent.Place.nowhere
        /// The kernel has something for whoever reads it.
        var isReady = false
        /// It was in the far set at some time since the thread went to sleep.
        var wasFar = false
    }

    /// Who holds the lock, or wants it, and where in its work an actor is.
    enum Phase: Hashable {
        /// A task that asks nothing of the loop.
        case outside
        /// The thread, in `epoll_wait`; after that, before it has read its timer, and whether it was called.
        case sleeping
        case returned(timer: Bool, sockets: [Int32], isCalled: Bool)
        /// The thread, on its way to the lock.
        case woken(timer: Bool, sockets: [Int32])
        /// Before the next look at the queue.
        case looking
        /// Before trying the lock; whether somebody has held it since.
        case trying(wasHeld: Bool)
        case holding(Hold)
        /// The trace has told that the lock is let go of, and it isn't yet.
        case unlocking
    }

    struct Hold: Hashable {
        /// What woke the thread and is not handled yet.
        var timer = false
        var sockets: [Int32] = []
        /// Whether the queue was taken, and how much was in it; a task's alone may be attended.
        var taken: Int?
        /// libcurl runs, or has run since deadlines were looked at.
        var hasRun = false
        var isSettled = false
        var mustArm = false
        var isAttended = false
    }

    /// The loop's thread is actor 0, tasks are the others.
    var actors: [Phase]
    var holder: Int?
    var queue = 0
    /// By descriptor.
    var sockets: [Socket]
    /// The time, what is next for libcurl, what the loop believes the timer to be set to, and what it is set to.
    var clock: UInt64 = 0
    var deadline = UInt64.max
    var armed = UInt64.max
    var timer = UInt64.max
    /// Somebody has woken the thread, and it hasn't read that.
    var isCalled = false
    /// The timer was due at some time since the thread went to sleep.
    var wasDue = false
    /// A fault that is planted to see that the search finds it.
    let planted: PlantedLoopFault?
    /// Whether steps are told a moment after they were taken, so that what was true meanwhile counts too.
    let isTold: Bool

    init(tasks: Int, sockets: Int = 0, planted: PlantedLoopFault? = nil, isTold: Bool = false) {
        actors = [.sleeping] + Array(repeating: .outside, count: tasks)
        self.sockets = Array(repeating: Socket(), count: sockets)
        self.planted = planted
        self.isTold = isTold
    }

    /// Takes a step of an actor. Returns nil, or why the protocol forbids it.
    mutating func take(_ event: LoopEvent, by actor: Int) -> String? {
        // Whatever an actor does after telling that it lets go, it has let go.
        if actors[actor] == .unlocking { letGo(actor) }
        switch (actors[actor], event) {
        case (.outside, .queued):
            queue += 1
            actors[actor] = .looking

        case (.outside, .posted):
            queue += 1
            if planted != .uncalled { isCalled = true }

        case (.looking, .looked(let found)):
            guard found == (queue > 0) else { return "it looked and saw something else than the queue" }
            actors[actor] = found ? .trying(wasHeld: holder != nil) : rest(actor)

        case (.trying(let wasHeld), .refused):
            guard wasHeld || holder != nil || mayBeHeld(besides: actor) else {
                return "it was refused a lock that nobody held"
            }
            actors[actor] = rest(actor)

        case (.trying, .locked):
            return lock(actor, Hold())

        case (.sleeping, .woke(let timer, let sockets)):
            // Only seen in real runs, a moment later than it was: what was so meanwhile is believed.
            guard !timer || wasDue || self.timer <= clock else { return "the timer woke it that was not due" }
            for socket in sockets where !self[socket].wasFar { return "\(socket) woke it from elsewhere" }
            wake(actor, timer, sockets)

        case (.returned(let timer, let sockets, let isCalled), .woke):
            if isCalled { self.isCalled = false }
            wake(actor, timer, sockets)

        case (.woken(let timer, let sockets), .locked):
            return lock(actor, Hold(timer: timer, sockets: sockets))

        case (.holding(var hold), _):
            if let reason = take(event, holding: &hold, actor) { return reason }
            if event != .unlocks { actors[actor] = .holding(hold) }

        default:
            return "\(event) can't follow in \(actors[actor])"
        }
        return nil
    }

    /// A step of the lock's holder.
    private mutating func take(_ event: LoopEvent, holding hold: inout Hold, _ actor: Int) -> String? {
        if hold.mustArm {
            guard event == .armed(deadline) else { return "the timer was to be set to \(deadline), not \(event)" }
            hold.mustArm = false
            if planted != .timerUnset { timer = deadline }
            armed = deadline
            noteDue()
            return nil
        }
        switch event {
        case .handlesTimer:
            guard hold.timer else { return "a timer that didn't wake it" }
            hold.timer = false
            if planted != .timerBelieved { armed = .max }

        case .handles(let socket):
            if hold.isAttended, self[socket].place == .near {
                hold.run()
            } else {
                guard let index = hold.sockets.firstIndex(of: socket) else {
                    return "an event of \(socket) from nowhere"
                }
                hold.sockets.remove(at: index)
                if self[socket].isWanted { hold.run() }
            }
            handle(socket)

        case .took(let count):
            guard count == queue, hold.taken == nil, hold.sockets.isEmpty, !hold.timer else {
                return "it took \(count) of \(queue) commands, or too early"
            }
            queue = 0
            hold.taken = count
            hold.isSettled = false
            if count > 0 { hold.run() }

        case .attends(true):
            guard actor != 0, hold.taken == 1, !hold.isSettled, !hold.isAttended else { return "nothing to attend to" }
            hold.isAttended = true

        case .attends(false):
            guard hold.isAttended else { return "it attends to nothing" }
            hold.isAttended = false
            guard planted != .nearForgotten else { break }
            for index in sockets.indices where sockets[index].place == .near && sockets[index].isWanted {
                place(Int32(index), .far)
            }

        case .wants(let socket, let isWanted, let nearby):
            want(socket, isWanted, isNear: nearby && hold.isAttended)

        case .placed(let socket, let place):
            guard self[socket].place == place || place == .nowhere else {
                return "\(socket) went \(place), not \(self[socket].place)"
            }
            self.place(socket, place)

        case .closed(let socket):
            self[socket] = Socket(wasFar: self[socket].wasFar)

        case .due(let next):
            deadline = next
            hold.isSettled = true
            hold.hasRun = false
            hold.mustArm = next < armed

        case .unlocks:
            guard hold.taken != nil, hold.isSettled, !hold.isAttended else { return "it let go of unfinished work" }
            actors[actor] = .unlocking

        default:
            return "\(event) can't follow while the lock is held"
        }
        return nil
    }

    // MARK: What steps do

    /// Where an actor goes that has no more to do.
    private mutating func rest(_ actor: Int) -> Phase {
        guard actor == 0 else { return .outside }
        if isTold {
            for index in sockets.indices { sockets[index].wasFar = sockets[index].place == .far }
            wasDue = timer <= clock
        }
        return .sleeping
    }

    /// Whether somebody may hold the lock and not have told yet: that follows the taking of it.
    private func mayBeHeld(besides actor: Int) -> Bool {
        isTold
            && actors.indices.contains { other in
                if other == actor { return false }
                return switch actors[other] {
                case .trying, .woken: true
                default: false
                }
            }
    }

    private mutating func lock(_ actor: Int, _ hold: Hold) -> String? {
        // A holder that has told to let go, and that nobody has heard of since, has.
        if let holder, actors[holder] == .unlocking { letGo(holder) }
        guard holder == nil else { return "two hold the lock" }
        holder = actor
        actors[actor] = .holding(hold)
        for other in actors.indices {
            if case .trying = actors[other] { actors[other] = .trying(wasHeld: true) }
        }
        return nil
    }

    mutating func letGo(_ actor: Int) {
        if holder == actor { holder = nil }
        actors[actor] = planted == .noSecondLook ? rest(actor) : .looking
    }

    private mutating func wake(_ actor: Int, _ timer: Bool, _ sockets: [Int32]) {
        // Reading takes what is due by now; a timer that was set anew meanwhile stays set.
        if timer, self.timer <= clock { self.timer = .max }
        actors[actor] = .woken(timer: timer, sockets: sockets)
    }

    private mutating func want(_ socket: Int32, _ isWanted: Bool, isNear: Bool) {
        self[socket].isWanted = isWanted
        // A connection at rest stays where it is.
        if isWanted { place(socket, isNear ? .near : .far) }
    }

    private mutating func handle(_ socket: Int32) {
        guard self[socket].isWanted else { return place(socket, .nowhere) }
        self[socket].isReady = false
    }

    private mutating func place(_ socket: Int32, _ place: LoopEvent.Place) {
        self[socket].place = place
        if isTold, place == .far { self[socket].wasFar = true }
    }

    private subscript(socket: Int32) -> Socket {
        get { Int(socket) < sockets.count ? sockets[Int(socket)] : Socket() }
        set {
            while sockets.count <= Int(socket) { sockets.append(Socket()) }
            sockets[Int(socket)] = newValue
        }
    }

    /// The time passes, or the timer is set.
    mutating func noteDue() {
        if isTold, timer <= clock { wasDue = true }
    }
}

extension LoopModel.Hold {
    /// libcurl runs: deadlines have to be looked at again.
    mutating func run() {
        hasRun = true
        isSettled = false
    }
}

/// A mistake in the loop, for the search to find.
enum PlantedLoopFault: CaseIterable {
    /// Whoever lets go of the lock does not look at the queue again.
    case noSecondLook
    /// A timer that fired is still believed to be set, so that it is not set for later deadlines.
    case timerBelieved
    /// The timer is noted, and not set.
    case timerUnset
    /// A socket for which a task has waited in person is not given back to the thread.
    case nearForgotten
    /// A command is left for the thread, which isn't woken.
    case uncalled
}
