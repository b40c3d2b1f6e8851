import Synchronization

@testable import BkendCurl

/// Holds a loop's thread where it wakes up, as a busy machine or a stopped process would.
final class HeldLoop: Sendable {
    private let isHeld = Atomic(false)
    private let waits = Atomic(false)
    private let others = Atomic(false)
    private let gate = Gate()

    var trace: LoopTrace {
        { [self] event in
            guard isHeld.load(ordering: .sequentiallyConsistent) else { return }
            switch event {
            case .woke(_, let sockets) where !sockets.isEmpty:
                waits.store(true, ordering: .sequentiallyConsistent)
                gate.wait()
            // The thread stands still: a task has driven libcurl.
            case .due where isHolding: others.store(true, ordering: .sequentiallyConsistent)
            default: break
            }
        }
    }

    /// From its next waking for a socket on the thread stands still.
    func hold() { isHeld.store(true, ordering: .sequentiallyConsistent) }

    var isHolding: Bool { waits.load(ordering: .sequentiallyConsistent) }

    /// Whether a task has driven libcurl meanwhile, and done all that was due.
    var isPassed: Bool { others.load(ordering: .sequentiallyConsistent) }

    /// Lets it go on, for good.
    func letGo() {
        isHeld.store(false, ordering: .sequentiallyConsistent)
        gate.open()
    }
}
