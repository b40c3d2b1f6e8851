import Metrics

/// Looks, now and then while transfers run, for what the loop should have done and didn't: an event of a socket that
/// stayed unread, a deadline that passed, a transfer that was not resumed, a task that was not woken.
///
/// None of it can happen as far as the model of the loop (`LoopModel`, in the tests) tells. The watchdog is there for what
/// the model doesn't know: faults of libcurl's, refusals of the kernel's. What it finds it counts, as
/// `bkend_transport_forgotten` with the dimension `what`, and sets right, so that a request is late instead of lost. Any
/// count but 0 is a fault to report.
struct Watchdog {
    /// What was forgotten.
    enum Forgotten: String {
        case socket
        case deadline
        case resumption
        case wakeUp = "wake_up"
    }

    /// How often it looks, and how long a thing must have been left undone: nanoseconds.
    let interval: UInt64
    /// Counts what was found.
    let tell: @Sendable (Forgotten) -> Void
    /// It is time to look.
    var isDue = false
    /// The loop's timer is among what the thread woke up for.
    var hasSeenTimer = false
    private var isRunning = false
    private var wereReady: Set<Int32> = []
    private var werePaused: Set<ObjectIdentifier> = []

    /// A watchdog that looks every 10 s and counts what it finds.
    init(
        every interval: Duration = .seconds(10),
        tell: @escaping @Sendable (Forgotten) -> Void = { forgotten in
            Counter(label: "bkend_transport_forgotten", dimensions: [("what", forgotten.rawValue)]).increment()
        }
    ) {
        self.interval = interval.clampedNanoseconds
        self.tell = tell
    }

    /// A transfer begins. Returns whether the kernel's timer is to be set; it runs until `rest()`.
    mutating func starts() -> Bool {
        defer { isRunning = true }
        return !isRunning
    }

    /// Nothing runs any more.
    mutating func rest() {
        isRunning = false
        wereReady = []
        werePaused = []
    }

    /// Whether the loop's timer should have fired a while ago, a tenth of the interval: each look does what is due, so
    /// that nothing stays undone for a whole one. A timer that fires late, because the process was held up, is not
    /// forgotten.
    func isForgotten(deadline: UInt64, now: UInt64) -> Bool {
        !hasSeenTimer && deadline < now && now - deadline >= interval / 10
    }

    /// Which sockets are ready, were so the last time already, and were not looked at in between.
    mutating func forgotten(of ready: [(socket: Int32, isHandled: Bool)]) -> Set<Int32> {
        defer { wereReady = Set(ready.map(\.socket)) }
        return wereReady.intersection(ready.lazy.filter { !$0.isHandled }.map(\.socket))
    }

    /// Which transfers are paused without a reason, and were so the last time already: a moment ago the reason may just
    /// have gone.
    mutating func forgotten(of paused: [Transfer]) -> [Transfer] {
        defer { werePaused = Set(paused.map { ObjectIdentifier($0) }) }
        return paused.filter { werePaused.contains(ObjectIdentifier($0)) }
    }
}
