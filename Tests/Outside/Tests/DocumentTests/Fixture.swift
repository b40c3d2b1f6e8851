import Bkend
import BkendTesting
import Foundation

@Table("articles")
struct Article: Equatable {
    var title: String
    var content = ""
    var author: Author?
    var isPublished = false
    var views = 0
    var slug: String?
}

@TableObject
struct Author: Equatable {
    var name: String
}

/// A server with the table of articles, for the guide's code.
struct Fixture {
    let server: TestServer

    /// Runs a body against a fresh server and stops it.
    static func run(_ body: (Fixture) async throws -> Void) async throws {
        let article: JSON = [
            "name": "articles",
            "schema": ["properties": ["title": ["type": "string", "required": true, "minLength": 1]]],
        ]
        let server = try await TestServer.start(tables: ["tables": [article]])
        do { try await body(Fixture(server: server)) } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }
}

/// A server that can be stopped and started at one address.
actor Offline {
    private var server: TestServer?
    private let port: ReservedPort
    nonisolated let url: String
    nonisolated let key: String
    /// A folder for whatever the test needs; removed at its end.
    nonisolated let folder: URL

    private init(folder: URL, port: ReservedPort, server: TestServer) {
        self.folder = folder
        self.port = port
        self.server = server
        url = server.url
        key = server.publishableKey
    }

    /// Runs a body against a fresh server.
    static func run(tables: JSON, _ body: (Offline) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-outside-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let port = try ReservedPort()
        let server = try await TestServer.start(
            folder: folder.appending(path: "server").path, tables: tables, port: port.number)
        let offline = Offline(folder: folder, port: port, server: server)
        do { try await body(offline) } catch {
            try? await offline.stopServer()
            throw error
        }
        try await offline.stopServer()
    }

    /// Signs a user in, who is signed up first where that is new.
    func signIn(_ client: BkendClient, _ user: String) async throws {
        let (email, password) = ("\(user)@example.com", "correct horse 1")
        do throws(BkendError) { try await client.accounts.signIn(email: email, password: password) } catch {
            guard error.code == .invalidCredentials else { throw error }
            try await client.accounts.signUp(email: email, password: password)
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
}
