import Foundation
import GRDB

extension DocumentStorage {
    /// Opens a database that is there already for reading only: where nothing can be written, or another process keeps
    /// the lock. It never checkpoints and never makes a log, so the rule of one writer holds.
    ///
    /// - Throws: as `open(path:options:)`; also where its format isn't this version's.
    package static func openForReading(path: String, options: StorageOptions = StorageOptions()) throws -> DatabasePool
    {
        if options.vfs == nil { try DatabaseFile.check(path) }
        var configuration = configuration(path: path, options)
        configuration.readonly = true
        configuration.maximumReaderCount = options.readers
        let pool = try DatabasePool(path: location(path, options), configuration: configuration)
        guard try pool.read({ try Catalogue.isReady($0, path: path) }) else {
            throw StorageError(path: path, reason: .cannotOpen(errno: EAGAIN))
        }
        return pool
    }

    /// Opens one more connection to a database that is open already, for reading only: for callers that keep their own
    /// readers beside the pool's. It never checkpoints, so the rule of one writer holds.
    ///
    /// - Throws: as `open(path:options:)`.
    package static func openReader(path: String, options: StorageOptions = StorageOptions()) throws -> DatabaseQueue {
        var configuration = configuration(path: path, options)
        configuration.readonly = true
        return try DatabaseQueue(path: location(path, options), configuration: configuration)
    }
}
