import BkendStorage
import Synchronization

/// The locks of writes under way. Whoever waits is suspended and holds none meanwhile.
final class LockTable: Sendable {
    private struct State {
        var held: Set<StorageLock> = []
        var waiting: [(wanted: Set<StorageLock>, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func take(_ wanted: Set<StorageLock>) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.held.isDisjoint(with: wanted) else {
                    state.waiting.append((wanted, continuation))
                    return false
                }
                state.held.formUnion(wanted)
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func release(_ locks: Set<StorageLock>) {
        let next = state.withLock { state in
            state.held.subtract(locks)
            var next: [CheckedContinuation<Void, Never>] = []
            var still: [(wanted: Set<StorageLock>, continuation: CheckedContinuation<Void, Never>)] = []
            for waiter in state.waiting {
                if state.held.isDisjoint(with: waiter.wanted) {
                    state.held.formUnion(waiter.wanted)
                    next.append(waiter.continuation)
                } else {
                    still.append(waiter)
                }
            }
            state.waiting = still
            return next
        }
        for continuation in next { continuation.resume() }
    }
}
