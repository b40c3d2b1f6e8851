import BkendAccounts
import BkendWire
import Synchronization

/// The open environments of a server, each opened when it is first asked for.
final class Environments: Sendable {
    private let source: any StorageSource
    private let services: AccountServices
    private let opened = Mutex<[EnvironmentName: OpenEnvironment]>([:])

    init(source: any StorageSource, services: AccountServices) {
        self.source = source
        self.services = services
    }

    /// An environment. The first request of one waits on a thread of its own until it is open.
    func environment(_ name: EnvironmentName) async throws -> OpenEnvironment {
        if let known = opened.withLock({ $0[name] }) { return known }
        return try await PatientThread.run(niceness: 1) { [self] in try environmentNow(name) }
    }

    /// `environment` for whoever may hold its thread.
    func environmentNow(_ name: EnvironmentName) throws -> OpenEnvironment {
        // Under the lock: a database may not be opened twice.
        try opened.withLock { opened in
            if let environment = opened[name] { return environment }
            let store = try source.storage(of: name)
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
