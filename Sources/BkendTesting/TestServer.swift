import BkendServer
import BkendWire
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// A bkend server inside this process, for tests: on a free port of 127.0.0.1, over a temporary folder or one of yours.
///
///     let server = try await TestServer.start(tables: ["tables": [["name": "articles"]]])
///     // … requests to server.url with server.secretKey …
///     try await server.stop()
///
/// It is the real server on a real socket: what passes against it passes against `bkend-server serve`. One thing is
/// weaker, so that tests of apps are fast: the hashes of passwords take microseconds to compute instead of half a
/// second and more. Mails lie as `.eml` files in the folder `mail` of the data folder.
///
/// It can be given a clock of the test's, and a ``FaultPlan`` by which requests go wrong for all of its clients.
public final class TestServer: Sendable {
    /// Where it listens, `http://127.0.0.1:PORT`.
    public let url: String
    /// The data folder.
    public let folder: String
    /// The key that apps carry: its callers are guests.
    public let publishableKey: String
    /// The key that may do everything; empty when the folder was not made by this server.
    public let secretKey: String

    /// Where metrics and health are, nil without an admin port.
    package let adminURL: String?

    private let name: EnvironmentName
    private let configuration: ServerConfiguration
    private let run: Mutex<Run>
    private let faults: ServerFaults?
    private let backups = Mutex<[Backup]>([])
    private let isTemporary: Bool

    /// A server from its start to its stop.
    private struct Run: Sendable {
        let url: String
        let adminURL: String?
        let service: BkendService
        let group: ServiceGroup
        let task: Task<Void, any Error>

        func stop() async throws {
            await group.triggerGracefulShutdown()
            try await task.value
        }
    }

    private init(
        _ run: Run, _ configuration: ServerConfiguration, keys: DataFolder.Created, faults: ServerFaults?,
        isTemporary: Bool
    ) {
        url = run.url
        adminURL = run.adminURL
        folder = configuration.folder
        publishableKey = keys.publishableKey
        secretKey = keys.secretKey
        name = keys.name
        self.configuration = configuration
        self.run = Mutex(run)
        self.faults = faults
        self.isTemporary = isTemporary
    }

    private var service: BkendService { run.withLock { $0.service } }

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - folder: a data folder, made when it isn't one yet; nil for a temporary one that `stop` removes.
    ///   - tables: what `bkend-server apply` takes, nil for none.
    ///   - isDynamic: whether a first POST creates its table.
    ///   - port: where to listen, 0 for a free port; an earlier server's to come back where it was.
    ///   - clock: what the server takes for the time, nil for the system's.
    ///   - faults: what goes wrong with which requests, nil for nothing.
    /// - Throws: what keeps the folder from being opened, the tables from being applied, or the port from being taken.
    public static func start(
        folder: String? = nil, tables: JSON? = nil, isDynamic: Bool = false, port: Int = 0, clock: TestClock? = nil,
        faults: FaultPlan? = nil
    ) async throws -> TestServer {
        try await start(folder: folder, tables: tables, faults: faults) {
            $0.isDynamic = isDynamic
            $0.port = port
            if let clock {
                $0.now = { Timestamp(clamping: Int64((clock.date.timeIntervalSince1970 * 1_000).rounded())) }
            }
        }
    }

    /// `start` with everything that the server can be told.
    package static func start(
        folder: String? = nil, tables: JSON? = nil, faults: FaultPlan? = nil,
        configure: (inout ServerConfiguration) -> Void
    ) async throws -> TestServer {
        let path = folder ?? FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        let keys = try prepare(path)
        var logger = Logger(label: "bkend-test-server")
        logger.logLevel = .warning
        var configuration = ServerConfiguration(folder: path, logger: logger)
        configuration.port = 0
        configuration.scryptCost = 4
        configure(&configuration)
        let serverFaults = faults.map { ServerFaults($0) }
        configuration.interception = serverFaults?.interception
        let run = try await launch(configuration) { service in
            if let tables { _ = try service.apply(tables, to: keys.name) }
        }
        // Where it listens stays, whenever it is started again.
        if let port = URL(string: run.url)?.port { configuration.port = port }
        if let port = run.adminURL.flatMap({ URL(string: $0)?.port }) { configuration.adminPort = port }
        return TestServer(run, configuration, keys: keys, faults: serverFaults, isTemporary: folder == nil)
    }

    private static func launch(
        _ configuration: ServerConfiguration, prepare: (BkendService) throws -> Void = { _ in }
    ) async throws -> Run {
        let service = try BkendService(configuration)
        try prepare(service)
        try await service.proveFiles()
        let (ready, listening) = AsyncStream<Listening>.makeStream()
        let group = service.group(
            handlesSignals: false, onAdminListening: { listening.yield(.admin($0)) },
            onListening: { listening.yield(.main($0)) })
        let running = Task {
            // Also ends the wait below when the server fails before it listens.
            defer { listening.finish() }
            try await group.run()
        }
        var (url, adminURL): (String?, String?)
        for await port in ready {
            switch port {
            case .main(let found): url = found
            case .admin(let found): adminURL = found
            }
            guard let url, adminURL != nil || configuration.adminPort == nil else { continue }
            return Run(url: url, adminURL: adminURL, service: service, group: group, task: running)
        }
        try await running.value
        throw CancellationError()
    }

    private enum Listening {
        case main(String)
        case admin(String)
    }

    /// The keys of a new folder, or the readable one of an existing one.
    private static func prepare(_ path: String) throws -> DataFolder.Created {
        if FileManager.default.fileExists(atPath: path + "/control.sqlite") {
            let control = try DataFolder.open(at: path).control
            let usual = try EnvironmentName(
                project: EnvironmentName.defaultProject, environment: EnvironmentName.defaultEnvironment)
            let isUsual = try control.environments().contains(usual)
            let name =
                isUsual
                ? usual : try control.environment(project: nil, environment: EnvironmentName.defaultEnvironment)
            return DataFolder.Created(
                name: name, publishableKey: try control.publishableKeys(of: name).first ?? "", secretKey: "")
        }
        let name = try EnvironmentName(
            project: EnvironmentName.defaultProject, environment: EnvironmentName.defaultEnvironment)
        return try DataFolder.create(at: path, name: name, now: .systemNow)
    }

    /// Creates or alters tables while the server runs, as `bkend-server apply` does.
    ///
    /// - Returns: one line for each table that changed.
    /// - Throws: an error whose description lists every mistake.
    @discardableResult
    public func apply(_ tables: JSON) throws -> [String] {
        try service.apply(tables, to: name).filter { !$0.changes.isEmpty }.map(\.description)
    }

    /// `apply` to another environment of the folder.
    package func apply(_ tables: JSON, to name: EnvironmentName) throws { _ = try service.apply(tables, to: name) }

    /// Ends a key at once.
    ///
    /// - Returns: whether such a key was alive.
    @discardableResult
    public func revoke(_ key: String) throws -> Bool {
        try service.revoke(key)
    }

    /// Disables a user at once, as `bkend-server user disable` does.
    ///
    /// - Throws: what the server answers when there is no such user.
    package func disableUser(_ id: String) async throws { try await service.disableUser(id, in: name) }

    /// Lets a disabled user sign in again.
    ///
    /// - Throws: what the server answers when there is no such user.
    package func enableUser(_ id: String) async throws { try await service.enableUser(id, in: name) }

    /// Returns when no mail is being written: an answer doesn't wait for the mail that it promises.
    package func mailed() async { await service.mailed() }

    /// Returns when no request of a planned `Fault.commitLate(_:)` is still to come.
    public func lateRequests() async { await faults?.lateRequests() }

    /// Stops as SIGTERM would: requests in flight are answered first. A temporary folder and all backups are removed.
    ///
    /// - Throws: what the server failed with while it ran.
    public func stop() async throws {
        faults?.hurry()
        await faults?.lateRequests()
        defer {
            if isTemporary { try? FileManager.default.removeItem(atPath: folder) }
            for backup in backups.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: backup.folder) }
        }
        try await run.withLock { $0 }.stop()
    }

    // MARK: Backups

    /// A data folder as it was at one moment.
    public struct Backup: Sendable {
        fileprivate let folder: String
    }

    /// Takes a copy of the data folder. The server stops for so long: requests in flight are answered first, later ones
    /// find nobody.
    ///
    /// Neither this nor ``restore(_:)`` may be called by an event of this server's own faults, which would wait for itself.
    ///
    /// - Throws: what keeps the server from stopping, the folder from being copied, or the server from starting.
    public func backup() async throws -> Backup {
        let backup = Backup(folder: "\(folder).backup-\(UUID().uuidString)")
        try await restart {
            try FileManager.default.copyItem(atPath: folder, toPath: backup.folder)
            backups.withLock { $0.append(backup) }
        }
        return backup
    }

    /// Puts a backup in the place of everything that was written since, as an operator does after a disk has broken: the
    /// server comes back at the same address with the older data, and its clients are told nothing.
    ///
    /// - Throws: what keeps the server from stopping, the folder from being copied, or the server from starting.
    public func restore(_ backup: Backup) async throws {
        try await restart {
            try FileManager.default.removeItem(atPath: folder)
            try FileManager.default.copyItem(atPath: backup.folder, toPath: folder)
        }
    }

    /// Stops, runs a function over the folder that nobody uses, and starts where it was.
    private func restart(_ body: () throws -> Void) async throws {
        try await run.withLock { $0 }.stop()
        try body()
        let next = try await Self.launch(configuration)
        run.withLock { $0 = next }
    }
}
