import BkendSync
import BkendWire
import Synchronization

/// A device's wall clock and source of random ids, both decided by the simulation.
final class DeviceEnvironment: Sendable {
    private let state: Mutex<(now: Int64, step: Int64, random: SyncRandom)>

    init(random: SyncRandom) { state = Mutex((0, 0, random)) }

    /// The simulation's time goes on.
    func advance(to now: Int64) { state.withLock { $0.now = now } }

    /// Somebody sets the device's clock.
    func step(by milliseconds: Int64) { state.withLock { $0.step += milliseconds } }

    var store: StoreEnvironment {
        StoreEnvironment(
            now: { self.state.withLock { Timestamp(clamping: ServerModel.origin + $0.now + $0.step) } },
            random: { self.state.withLock { $0.random.next() } })
    }
}
