import Dispatch
import Synchronization

/// Tells of commits by other processes until it is stopped.
protocol ForeignCommits: Sendable {
    func stop()
}

/// How a feed hears of other processes' commits: from the system at once or, where the system has no watch left, by
/// looking at an interval.
struct ForeignWatching: Sendable {
    /// Makes a watch.
    var watch: @Sendable (ChangeFeed.Lock, _ didClose: @escaping @Sendable () -> Void) throws -> any ForeignCommits
    /// How often it is looked without one.
    var interval: Duration

    static let system = ForeignWatching(
        watch: { try FolderWatch(folder: $0.folder, name: $0.name, $1) }, interval: .seconds(1))

    func begin(_ lock: ChangeFeed.Lock, _ wake: @escaping @Sendable () -> Void) -> any ForeignCommits {
        if let watch = try? watch(lock, wake) { return watch }
        return ForeignLooks(lock, self, wake)
    }
}

/// Looks at an interval, and takes a watch as soon as the system has one.
private final class ForeignLooks: ForeignCommits {
    private enum State {
        case looking
        case watching(any ForeignCommits)
        case stopped
    }
    private let state = Mutex(State.looking)
    private nonisolated(unsafe) let timer: any DispatchSourceTimer  // its methods may be called on any thread

    init(_ lock: ChangeFeed.Lock, _ how: ForeignWatching, _ wake: @escaping @Sendable () -> Void) {
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "bkend.store.looks"))
        let interval = DispatchTimeInterval.nanoseconds(Int(how.interval / .nanoseconds(1)))
        timer.schedule(deadline: .now() + interval, repeating: interval, leeway: interval)
        timer.setEventHandler { [weak self] in self?.tick(lock, how, wake) }
        timer.activate()
    }

    private func tick(_ lock: ChangeFeed.Lock, _ how: ForeignWatching, _ wake: @escaping @Sendable () -> Void) {
        state.withLock { state in
            guard case .looking = state, let watch = try? how.watch(lock, wake) else { return }
            state = .watching(watch)
            timer.cancel()
        }
        // Also after a watch was taken: what was committed before it is seen so.
        wake()
    }

    func stop() {
        state.withLock { state in
            if case .watching(let watch) = state { watch.stop() }
            state = .stopped
        }
        timer.cancel()
    }

    deinit { stop() }
}
