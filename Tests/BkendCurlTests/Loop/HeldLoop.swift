import Synchronization

@testable import BkendCurl

/// Holds a loop's thread where it wakes up, as a busy machine or a stopped process would.
final class HeldLoop: Sendable {
    private let isHeld = Atomic(false)
    private let waits = Atomic(false)
    private let gate = Gate()

    var trace: LoopTrace {
        { [self] event in
            guard case .woke = event, isHeld.load(ordering: .sequentiallyConsistent) else { return }
            waits.store(true, ordering: .sequentiallyConsistent)
            gate.wait()
        }
    }

    /// From its next waking on the thread stands still.
    func hold() { isHeld.store(true, ordering: .sequentiallyConsistent) }

    var isHolding: Bool { waits.load(ordering: .sequentiallyConsistent) }

    /// Lets it go on, for good.
    func letGo() {
        isHeld.store(false, ordering: .sequentiallyConsistent)
        gate.open()
    }
}
