import Foundation
import GRDB
import Synchronization

/// Connections for reads of microseconds: a record by its id, a page that an index answers. They are apart from the
/// pool's readers, so that long queries never make such a read wait, and a read pays for no change of threads.
final class QuickReaders: Sendable {
    private let idle: Mutex<[QuickReader]>
    private let all: [QuickReader]

    /// Connections to the database at a path, as many as can run at once.
    init(path: String) throws {
        all = try (0..<max(2, ProcessInfo.processInfo.activeProcessorCount)).map { _ in try QuickReader(path: path) }
        idle = Mutex(all)
    }

    /// Runs `body` on an idle connection, on this thread; see `QuickReader.read`.
    func read<Result>(_ body: (Database, TableCatalog.Seen) throws -> Result) throws -> Result {
        guard let reader = idle.withLock({ $0.popLast() }) else { return try all[0].read(body) }
        defer { idle.withLock { $0.append(reader) } }
        return try reader.read(body)
    }
}
