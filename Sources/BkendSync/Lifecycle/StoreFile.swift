import BkendDocuments

/// What a store on disk has beside its database.
final class StoreFile: Sendable {
    /// Opens it for writing, once that is possible.
    let opening: StoreOpening
    var path: String { opening.path }
    var lock: FileLock { opening.lock }
    var presence: StorePresence { opening.presence }

    init(_ opening: StoreOpening) { self.opening = opening }
}
