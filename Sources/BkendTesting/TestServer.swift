#if Server
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
    private let service: BkendService
    private let group: ServiceGroup
    private let running: Task<Void, any Error>
    private let isTemporary: Bool

    private init(
        url: String, adminURL: String?, folder: String, keys: DataFolder.Created, service: BkendService,
        group: ServiceGroup,
        running: Task<Void, any Error>,
        isTemporary: Bool
    ) {
        self.url = url
        self.adminURL = adminURL
        self.folder = folder
        publishableKey = keys.publishableKey
        secretKey = keys.secretKey
        name = keys.name
        self.service = service
        self.group = group
        self.running = running
        self.isTemporary = isTemporary
    }

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - folder: a data folder, made when it isn't one yet; nil for a temporary one that `stop` removes.
    ///   - tables: what `bkend-server apply` takes, nil for none.
    ///   - isDynamic: whether a first POST creates its table.
    ///   - port: where to listen, 0 for a free port; an earlier server's to come back where it was.
    /// - Throws: what keeps the folder from being opened, the tables from being applied, or the port from being taken.
    public static func start(
        folder: String? = nil, tables: JSON? = nil, isDynamic: Bool = false, port: Int = 0
    ) async throws -> TestServer {
        try await start(folder: folder, tables: tables) {
            $0.isDynamic = isDynamic
            $0.port = port
        }
    }

    /// `start` with everything that the server can be told.
    package static func start(
        folder: String? = nil, tables: JSON? = nil, configure: (inout ServerConfiguration) -> Void
    ) async throws -> TestServer {
        let path = folder ?? FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        let keys = try prepare(path)
        var logger = Logger(label: "bkend-test-server")
        logger.logLevel = .warning
        var configuration = ServerConfiguration(folder: path, logger: logger)
        configuration.port = 0
        configuration.scryptCost = 4
        configure(&configuration)
        let service = try BkendService(configuration)
        if let tables { _ = try service.apply(tables, to: keys.name) }
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
            return TestServer(
                url: url, adminURL: adminURL, folder: path, keys: keys, service: service, group: group,
                running: running, isTemporary: folder == nil)
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

    /// Stops as SIGTERM would: requests in flight are answered first. A temporary folder is removed.
    ///
    /// - Throws: what the server failed with while it ran.
    public func stop() async throws {
        await group.triggerGracefulShutdown()
        defer { if isTemporary { try? FileManager.default.removeItem(atPath: folder) } }
        try await running.value
    }
}
#endif
