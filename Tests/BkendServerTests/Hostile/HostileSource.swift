import BkendWire
import Synchronization

@testable import BkendServer

/// Environments in storages that do what the seam allows and SQLite never does: records in memory, SQL on SQLite in
/// memory. See `HostileEngine`.
final class HostileSource: StorageSource {
    let faults: HostileFaults
    private let maximumBytes: Int?
    private let clock: @Sendable () -> Timestamp
    private let opened = Mutex<[EnvironmentName: EnvironmentStore]>([:])

    init(
        _ faults: HostileFaults = HostileFaults(), maximumBytes: Int? = nil,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.faults = faults
        self.maximumBytes = maximumBytes
        self.clock = clock
    }

    func storage(of name: EnvironmentName) throws -> EnvironmentStore {
        try opened.withLock { opened in
            if let store = opened[name] { return store }
            let store = EnvironmentStore(try HostileEngine(faults: faults, maximumBytes: maximumBytes, clock: clock))
            opened[name] = store
            return store
        }
    }
}

/// What bodies did that a storage of several writers would punish.
final class HostileFaults: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func note(_ text: String) { texts.withLock { $0.append(text) } }
}
