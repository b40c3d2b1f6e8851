#if Server
import Synchronization

/// The open environments of a data folder, each opened when it is first asked for.
final class Environments: Sendable {
    private let folder: DataFolder
    private let stores = Mutex<[EnvironmentName: EnvironmentStore]>([:])

    init(folder: DataFolder) { self.folder = folder }

    /// The store of an environment.
    func store(of name: EnvironmentName) throws -> EnvironmentStore {
        try stores.withLock { stores in
            if let store = stores[name] { return store }
            let store = try EnvironmentStore(path: folder.file(of: name))
            stores[name] = store
            return store
        }
    }
}
#endif
