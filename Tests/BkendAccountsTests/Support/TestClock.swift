import BkendWire
import Synchronization

/// A clock that stands until it is moved.
final class TestClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_790_000_000_000)

    var now: Timestamp { Timestamp(clamping: milliseconds.withLock { $0 }) }

    func advance(seconds: Double) { milliseconds.withLock { $0 += Int64(seconds * 1_000) } }
}
