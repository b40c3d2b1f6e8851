import BkendAccounts
import Synchronization

/// What is counted of a queue, for the admin port.
final class QueueMetrics: Sendable {
    private struct State {
        var waiting = 0
        var waits = DurationHistogram()
        var abandoned = 0
        var refusedToClients = 0
        var refusedToAll = 0
    }
    private let state = Mutex(State())

    /// Counts what happened.
    func note(_ event: QueueEvent) {
        state.withLock { state in
            switch event {
            case .admitted(let wait):
                if wait != nil { state.waiting -= 1 }
                state.waits.add(wait ?? .zero)
            case .waits: state.waiting += 1
            case .abandoned:
                state.waiting -= 1
                state.abandoned += 1
            case .refused(let reason, let hasWaited):
                if hasWaited { state.waiting -= 1 }
                switch reason {
                case .clientShare: state.refusedToClients += 1
                case .full: state.refusedToAll += 1
                }
            }
        }
    }

    /// Writes the families of all queues.
    static func write(_ queues: [(name: String, metrics: QueueMetrics)], to out: inout Exposition) {
        let states = queues.map { queue in ([("queue", queue.name)], queue.metrics.state.withLock { $0 }) }
        out.family("bkend_queue_length", .gauge, "Requests that wait for their turn.")
        for (labels, state) in states { out.sample("bkend_queue_length", labels, state.waiting) }
        out.family("bkend_queue_wait_seconds", .histogram, "Time that requests waited until it was their turn.")
        for (labels, state) in states { out.histogram("bkend_queue_wait_seconds", labels, state.waits) }
        out.family("bkend_queue_abandoned_total", .counter, "Requests that left a queue since their client did.")
        for (labels, state) in states { out.sample("bkend_queue_abandoned_total", labels, state.abandoned) }
        out.family(
            "bkend_queue_refused_total", .counter,
            "Requests refused since the client's share of a queue, or the whole queue, was used up.")
        for (labels, state) in states {
            out.sample("bkend_queue_refused_total", labels + [("share", "client")], state.refusedToClients)
            out.sample("bkend_queue_refused_total", labels + [("share", "all")], state.refusedToAll)
        }
    }
}
