import BkendSync
import Foundation
import Synchronization
import Testing

@testable import Bkend

/// Sessions that can't be read, or are of another address: the app goes on.
@Suite(.timeLimit(.minutes(10))) struct LostSessionTests {
    static let signedIn = #"""
        {"accessToken":"a1","refreshToken":"r1","tokenType":"Bearer","expiresIn":3600,"user":{"id":"u1","email":\#
        "ada@example.com","role":"user","createdAt":"2025-01-08T00:00:00.000Z","updatedAt":"2025-01-08T00:00:00.000Z"}}
        """#

    /// A server that signs everybody in as `u1`.
    private static func server() -> ScriptedTransport {
        ScriptedTransport { sent throws(TransportError) in
            switch sent.path {
            case "/v1/auth/email/signin": .json(signedIn)
            case "/v1/auth/signout": .json(#"{"success":true}"#)
            default: .json(recordText())
            }
        }
    }

    private func client(_ sessions: any SessionStore, _ transport: ScriptedTransport) throws -> BkendClient {
        try BkendClient(
            url: "http://localhost:8420", key: testKey, options: quietOptions(), sessions: sessions,
            transport: transport)
    }

    private static func session(_ server: String = "http://localhost:8420/v1") -> Session {
        Session(server: server, userID: "u1", accessToken: "old-access", refreshToken: "old-refresh")
    }

    /// What can befall a session's file.
    enum Damage: String, CaseIterable {
        case readable, empty, cut, other, locked

        func happen(to path: String) throws {
            let url = URL(filePath: path)
            switch self {
            case .readable: chmod(path, 0o644)
            case .empty: try Data().write(to: url)
            case .cut: try Data(contentsOf: url).prefix(60).write(to: url)
            case .other: try Data(#"{"theme":"dark","accessToken":"old-access"}"#.utf8).write(to: url)
            case .locked: chmod(path, 0o000)
            }
            if self == .empty || self == .cut || self == .other { chmod(path, 0o600) }
        }
    }

    @Test(
        "A session that can't be read is replaced by a sign-in, and kept beside; nothing of it is ever said",
        arguments: Damage.allCases)
    func signingIn(_ damage: Damage) async throws {
        // Nothing is locked to root.
        if damage == .locked, getuid() == 0 { return }
        try await withFolder { folder in
            let path = folder + "/session.json"
            let sessions = try FileSessionStore(path: path)
            try await sessions.save(Self.session())
            try damage.happen(to: path)
            let left = try? Data(contentsOf: URL(filePath: path))
            let transport = Self.server()
            let client = try client(sessions, transport)
            let error = await failure { () async throws(BkendError) in try await client.table("notes").get("x") }
            #expect(error.map { "\($0)" }?.contains("sign in again") == true)
            #expect(error.map { "\($0)" }?.contains("old-") == false && transport.sent.isEmpty)
            try await client.accounts.signIn(email: "ada@example.com", password: "pw")
            #expect(try await client.accounts.currentUserID() == "u1")
            #expect(try await client.table("notes").get("x").id == "677e00000000000000000001")
            #expect(transport.sent.last?.headers[.authorization] == "Bearer a1")
            #expect(try Data(contentsOf: URL(filePath: path + ".damaged")) == left)
            let mode = try FileManager.default.attributesOfItem(atPath: path + ".damaged")[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("A session that can't be read is dropped by signing out", arguments: Damage.allCases)
    func signingOut(_ damage: Damage) async throws {
        try await withFolder { folder in
            let path = folder + "/session.json"
            let sessions = try FileSessionStore(path: path)
            try await sessions.save(Self.session())
            try damage.happen(to: path)
            if damage == .locked, getuid() == 0 { return }
            let transport = Self.server()
            let client = try client(sessions, transport)
            let outcome = try await client.accounts.signOut()
            #expect(!outcome.isServerTold && transport.sent.isEmpty)
            #expect(try await client.accounts.currentUserID() == nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["session.json.lock"])
            guard case .nobody = try await client.accounts.signOut() else {
                Issue.record("somebody was signed in")
                return
            }
        }
    }

    @Test("A session of another address is sent nowhere, replaced by a sign-in and dropped by a sign-out")
    func otherAddress() async throws {
        let sessions = InMemorySessionStore()
        await sessions.save(Self.session("https://old.example.com/v1"))
        let transport = Self.server()
        let client = try client(sessions, transport)
        let error = await failure { () async throws(BkendError) in try await client.table("notes").get("x") }
        #expect(error.map { "\($0)" }?.contains("sign in again") == true && transport.sent.isEmpty)
        var changes = client.accounts.changes.makeAsyncIterator()
        #expect(try await client.accounts.signOut().isServerTold == false)
        #expect(await sessions.load() == nil && transport.sent.isEmpty)
        #expect(await changes.next() == .signedOut)
        await sessions.save(Self.session("https://old.example.com/v1"))
        try await client.accounts.signIn(email: "ada@example.com", password: "pw")
        #expect(await sessions.load()?.accessToken == "a1")
    }

    @Test("A store that is no session's, or can't be read now, takes no session: told before anything is sent")
    func notOurs() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/session.json", withIntermediateDirectories: true)
            struct Locked: SessionStore {
                func load() async throws -> Session? { throw SessionStoreError("the keychain is locked") }
                func save(_ session: Session?) async throws { Issue.record("saved") }
                func exclusively<Result: Sendable>(
                    _ body: @escaping @Sendable () async throws -> Result
                ) async throws -> Result { try await body() }
            }
            let stores: [any SessionStore] = [try FileSessionStore(path: folder + "/session.json"), Locked()]
            for sessions in stores {
                let transport = Self.server()
                let client = try client(sessions, transport)
                let error = await failure { () async throws(BkendError) in
                    try await client.accounts.signIn(email: "ada@example.com", password: "pw")
                }
                guard case .sessionStore = error?.reason else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(await failure { () async throws(BkendError) in try await client.accounts.signOut() } != nil)
                #expect(transport.sent.isEmpty)
            }
        }
    }

    @Test(
        "The local store opens as its owner's, sends nothing, and goes on when the server has named the user",
        arguments: [nil] + Damage.allCases.map { $0 })
    func localStore(_ damage: Damage?) async throws {
        if damage == .locked, getuid() == 0 { return }
        try await withFolder { folder in
            let path = folder + "/session.json"
            let sessions = try FileSessionStore(path: path)
            let transport = ScriptedTransport { sent throws(TransportError) in
                sent.path == "/v1/auth/email/signin" ? .json(Self.signedIn) : .json(recordText())
            }
            let client = try client(sessions, transport)
            for user in ["eve", "u1"] {
                var session = Self.session()
                session.userID = user
                try await sessions.save(session)
                let store = try await client.openLocalStore(at: folder)
                try await store.table(Book.self).create(Book(title: user))
                await store.close()
            }
            if let damage {
                try damage.happen(to: path)
            } else {
                try await sessions.save(Self.session("https://old.example.com/v1"))
            }
            let store = try await client.openLocalStore(at: folder)
            #expect(store.userID == "u1")
            #expect(try await store.table(Book.self).fetch().map(\.title) == ["u1"])
            try await store.table(Book.self).create(Book(title: "Meanwhile"))
            var options = SyncOptions()
            options.shortestPoll = .milliseconds(1)
            options.longestPoll = .milliseconds(1)
            try await store.sync.start(options)
            #expect(await store.sync.settled().state == .signedOut)
            #expect(await refusal { try await store.takeOver() } != nil)
            #expect(transport.sent.isEmpty)
            try await client.accounts.signIn(email: "ada@example.com", password: "pw")
            for await status in store.sync.statuses where status.state != .signedOut { break }
            while !transport.sent.contains(where: { $0.path.hasPrefix("/v1/data/books") }) { await Task.yield() }
            await store.close()
        }
    }

    @Test("Where nothing tells whose store it is, the only user's opens, else a guest's")
    func unknownOwner() async throws {
        try await withFolder { folder in
            let path = folder + "/session.json"
            let sessions = try FileSessionStore(path: path)
            let client = try client(sessions, Self.server())
            func opened() async throws -> String {
                let store = try await client.openLocalStore(at: folder)
                await store.close()
                return store.userID
            }
            try Damage.empty.happen(to: path)
            #expect(try await opened() == "")
            try await sessions.save(Self.session())
            #expect(try await opened() == "u1")
            try FileManager.default.removeItem(atPath: folder + "/main/latest")
            try Damage.empty.happen(to: path)
            #expect(try await opened() == "u1")
        }
    }
}
