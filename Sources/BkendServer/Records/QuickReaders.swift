#if Server
import Foundation
import GRDB
import Synchronization

/// Connections for reads of microseconds: a record by its id. They are apart from the pool's readers, so that long lists
/// never make such a read wait, and they read without a transaction, since one statement is one snapshot anyway.
final class QuickReaders: Sendable {
    private let idle: Mutex<[DatabaseQueue]>
    private let all: [DatabaseQueue]

    /// Connections to the database at a path, as many as can run at once.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        configuration.label = "quick"
        all = try (0..<max(2, ProcessInfo.processInfo.activeProcessorCount)).map { _ in
            try DatabaseQueue(path: path, configuration: configuration)
        }
        idle = Mutex(all)
    }

    /// Runs `body` on an idle connection, on this thread.
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        guard let queue = idle.withLock({ $0.popLast() }) else { return try all[0].unsafeRead(body) }
        defer { idle.withLock { $0.append(queue) } }
        return try queue.unsafeRead(body)
    }
}
#endif
