import BkendAccounts
import BkendWire
import Synchronization

/// The open environments of a data folder, each opened when it is first asked for.
final class Environments: Sendable {
    private let folder: DataFolder
    private let services: AccountServices
    private let options: StoreOptions
    private let opened = Mutex<[EnvironmentName: OpenEnvironment]>([:])

    init(folder: DataFolder, services: AccountServices, options: StoreOptions) {
        self.folder = folder
        self.services = services
        self.options = options
    }

    /// An environment.
    func environment(_ name: EnvironmentName) throws -> OpenEnvironment {
        try opened.withLock { opened in
            if let environment = opened[name] { return environment }
            let store = try EnvironmentStore(path: folder.file(of: name), name: name, options: options)
            let environment = OpenEnvironment(store: store, accounts: try services.accounts(of: name, in: store))
            opened[name] = environment
            return environment
        }
    }

    /// Those that have been used since the start.
    var all: [(name: EnvironmentName, environment: OpenEnvironment)] {
        opened.withLock { $0.map { (name: $0.key, environment: $0.value) } }
    }

    /// Returns when the accounts have sent what they answered before it was done: mails.
    func drained() async {
        let accounts = all.map(\.environment.accounts)
        for accounts in accounts { await accounts.drained() }
    }
}
