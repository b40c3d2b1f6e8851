import GRDB

extension DocumentStorage {
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
