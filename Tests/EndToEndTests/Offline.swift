import Bkend
import BkendServer
import BkendTesting
import BkendWire
import Foundation
import Testing

@Table("notes")
struct OfflineNote: Equatable {
    var title: String
    var text = ""
}

/// A user's device: a client with a session of its own, and a store.
struct Device {
    let client: BkendClient
    let store: LocalStore
    let folder: URL

    var notes: LocalTable<OfflineNote> { store.table(OfflineNote.self) }

    /// Begins to synchronise, looking at the server more often than an app would.
    func start() async throws {
        var options = SyncOptions()
        options.shortestPoll = .milliseconds(100)
        options.longestPoll = .seconds(1)
        try await store.sync.start(options)
    }

    /// Waits until the notes are as said, looking at the server now rather than at the next poll.
    func shows(where isAsSaid: ([Record<OfflineNote>]) -> Bool) async throws {
        await store.sync.syncNow()
        for await snapshot in notes.order(by: \.title).live() where isAsSaid(snapshot.records) { return }
        throw CancellationError()
    }

    /// Waits until the notes have these titles.
    func shows(_ titles: [String]) async throws { try await shows { $0.map(\.title) == titles } }

    /// Waits until the server has a note's changes.
    func confirmed(_ id: String) async throws { _ = try await #require(try await notes.get(id)).confirmed() }
}

/// A server that can be stopped and started at one address, and the devices that use it.
actor Offline {
    private var server: TestServer?
    private let port: ReservedPort
    nonisolated let url: String
    nonisolated let key: String
    /// A folder for whatever the test needs; removed at its end.
    nonisolated let folder: URL
    private var devices: [Device] = []

    static let tables: JSON = [
        "tables": [
            [
                "name": "notes",
                "schema": [
                    "properties": ["title": ["type": "string", "required": true, "minLength": 1]],
                    "additionalProperties": true,
                ],
                "permissions": [
                    "user": ["create": true],
                    "self": ["read": true, "list": true, "update": true, "delete": true],
                ],
            ]
        ]
    ]

    private init(folder: URL, port: ReservedPort, server: TestServer) {
        self.folder = folder
        self.port = port
        self.server = server
        url = server.url
        key = server.publishableKey
    }

    /// Runs a body against a fresh server, and ends whatever it left.
    static func run(
        tables: JSON = Offline.tables, configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (Offline) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-offline-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let port = try ReservedPort()
        let server = try await TestServer.start(
            folder: folder.appending(path: "server").path, tables: tables
        ) {
            $0.port = port.number
            configure(&$0)
        }
        let offline = Offline(folder: folder, port: port, server: server)
        do { try await body(offline) } catch {
            try? await offline.end()
            throw error
        }
        try await offline.end()
    }

    /// A device on which a user is signed in, who is signed up first where that is new.
    func device(_ user: String, _ name: String = "first") async throws -> Device {
        let client = try BkendClient(url: url, key: key, options: .silent)
        do throws(BkendError) {
            try await client.accounts.signUp(email: "\(user)@example.com", password: Self.password)
        } catch {
            try await signIn(client, user)
        }
        let folder = folder.appending(path: name)
        let device = Device(client: client, store: try await client.openLocalStore(at: folder), folder: folder)
        devices.append(device)
        return device
    }

    /// Signs a user in, who is signed up first where that is new.
    func signIn(_ client: BkendClient, _ user: String) async throws {
        do throws(BkendError) {
            try await client.accounts.signIn(email: "\(user)@example.com", password: Self.password)
        } catch {
            guard error.code == .invalidCredentials else { throw error }
            try await client.accounts.signUp(email: "\(user)@example.com", password: Self.password)
        }
    }

    func stopServer() async throws {
        let server = server
        self.server = nil
        try await server?.stop()
    }

    /// Starts it again, where it listened before.
    func startServer() async throws {
        server = try await TestServer.start(folder: folder.appending(path: "server").path, port: port.number)
    }

    private func end() async throws {
        for device in devices {
            await device.store.close()
            await device.client.shutdown()
        }
        try await stopServer()
    }

    private static let password = "correct horse 1"
}
