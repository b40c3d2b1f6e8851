import BkendAccounts
import BkendWire
import Synchronization

/// The open environments of a server, each opened when it is first asked for.
final class Environments: Sendable {
    private let source: any StorageSource
    private let services: AccountServices
    private let fileServices: FileServices
    /// How long a stream is silent, and what is counted of streams.
    private let streams: (silence: Duration, metrics: StreamMetrics)
    private let opened = Mutex<[EnvironmentName: OpenEnvironment]>([:])
    /// Held while one is opened, which takes files and locks: those that are open are found meanwhile.
    private let opening = Mutex(())
    private let areStreamsEnded = Atomic(false)
    /// The openings that requests wait for: one for each environment, however many ask for it.
    private let awaited = Mutex<[EnvironmentName: Task<OpenEnvironment, any Error>]>([:])

    init(
        source: any StorageSource, services: AccountServices, files: FileServices,
        streams: (silence: Duration, metrics: StreamMetrics)
    ) {
        self.streams = streams
        self.source = source
        self.services = services
        fileServices = files
    }

    /// An environment. The first request of one waits on a thread of its own until it is open.
    func environment(_ name: EnvironmentName) async throws -> OpenEnvironment {
        if let known = opened.withLock({ $0[name] }) { return known }
        let task = awaited.withLock { awaited in
            if let task = awaited[name] { return task }
            let task = Task { [self] in
                defer { self.awaited.withLock { $0[name] = nil } }
                return try await PatientThread.run(niceness: 1) { [self] in try environmentNow(name) }
            }
            awaited[name] = task
            return task
        }
        return try await task.value
    }

    /// `environment` for whoever may hold its thread.
    func environmentNow(_ name: EnvironmentName) throws -> OpenEnvironment {
        // Under the lock: a database may not be opened twice.
        try opening.withLock { _ in
            if let known = opened.withLock({ $0[name] }) { return known }
            let store = try source.storage(of: name)
            let environment = OpenEnvironment(
                store: store, accounts: try services.accounts(of: name, in: store),
                files: try fileServices.files(of: name, in: store),
                streams: StreamHub(store, silence: streams.silence, metrics: streams.metrics))
            store.onWrite { [weak streams = environment.streams] in streams?.committed() }
            environment.files.tidySometimes()
            opened.withLock { $0[name] = environment }
            if areStreamsEnded.load(ordering: .acquiring) { environment.streams.end() }
            return environment
        }
    }

    /// Those that have been used since the start.
    var all: [(name: EnvironmentName, environment: OpenEnvironment)] {
        opened.withLock { $0.map { (name: $0.key, environment: $0.value) } }
    }

    /// Returns when the accounts have sent what they answered before it was done: mails.
    func mailed() async { for (_, environment) in all { await environment.accounts.drained() } }

    /// Ends all streams: a server that stops waits for what is being answered, and they have no end of their own.
    func endStreams() {
        areStreamsEnded.store(true, ordering: .releasing)
        for (_, environment) in all { environment.streams.end() }
    }

    /// Returns when nothing is under way that no request waits for. Mails are sent; files are tidied another time.
    func end() async {
        await mailed()
        for (_, environment) in all { await environment.files.upkeep.end() }
    }
}
