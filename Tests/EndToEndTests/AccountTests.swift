import Bkend
import BkendTesting
import BkendWire
import Foundation
import Testing

/// The client's accounts against the server's.
@Suite struct AccountTests {
    static let tables: JSON = [
        "tables": [
            [
                "name": "notes",
                "permissions": [
                    "user": ["create": true],
                    "self": ["read": true, "list": true, "update": true, "delete": true],
                ],
            ]
        ]
    ]
    static let password = "correct horse 1"

    @Test("Users sign up, keep notes of their own, and sign out")
    func notes() async throws {
        try await withServer { server in
            let ada = try client(server)
            let eve = try client(server)
            let account = try await ada.accounts.signUp(
                email: "ada@example.com", password: Self.password, name: "Ada")
            #expect(account.role == .user)
            #expect(account.name == "Ada")
            try await eve.accounts.signUp(email: "eve@example.com", password: Self.password)
            #expect(try await ada.accounts.me() == account)
            let note = try await ada.table("notes").create(["text": "mine"])
            #expect(note.createdBy == account.id)
            try await eve.table("notes").create(["text": "hers"])
            #expect(try await ada.table("notes").page().records.map { $0["text"] } == ["mine"])
            let error = await #expect(throws: BkendError.self) { try await eve.table("notes").get(note.id) }
            #expect(error?.code == .permissionDenied)
            try await ada.accounts.signOut()
            #expect(try await ada.accounts.currentUserID() == nil)
            let refusal = await #expect(throws: BkendError.self) { try await ada.table("notes").page() }
            #expect(refusal?.code == .permissionDenied)
            let wrong = await #expect(throws: BkendError.self) {
                try await ada.accounts.signIn(email: "ada@example.com", password: "wrong password")
            }
            #expect(wrong?.code == .invalidCredentials)
            let again = try await ada.accounts.signIn(email: "ada@example.com", password: Self.password)
            #expect(again.id == account.id)
            #expect(try await ada.table("notes").page().records.map(\.id) == [note.id])
        }
    }

    @Test("A session in a file is the user's in every client that has it, also after a restart of both ends")
    func restart() async throws {
        try await withFolder { place in
            let folder = place.path
            let path = folder + "/session.json"
            var id = ""
            try await withServer(folder: folder + "/data") { server in
                let first = try client(server, path)
                id = try await first.accounts.signUp(email: "ada@example.com", password: Self.password).id
                #expect(try await client(server, path).accounts.me().id == id)
            }
            try await withServer(folder: folder + "/data") { server in
                // Its port is another one now, and so to a client another server.
                let store = try FileSessionStore(path: path)
                var session = try #require(try await store.load())
                session.server = server.url + "/v1"
                try await store.save(session)
                #expect(try await client(server, path).accounts.me().id == id)
            }
        }
    }

    @Test("Clients with one file and an access token that is refused share one refresh")
    func refresh() async throws {
        try await withFolder { place in
            let folder = place.path
            try await withServer { server in
                let path = folder + "/session.json"
                let store = try FileSessionStore(path: path)
                let account = try await client(server, path).accounts.signUp(
                    email: "ada@example.com", password: Self.password)
                var session = try #require(try await store.load())
                let spent = session.refreshToken
                let signature = session.accessToken.suffix(4)
                session.accessToken = session.accessToken.dropLast(4) + (signature == "AAAA" ? "BBBB" : "AAAA")
                try await store.save(session)
                let clients = try (0..<4).map { _ in try client(server, path) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for client in clients {
                        for number in 0..<5 {
                            group.addTask { try await client.table("notes").create(["number": .int(Int64(number))]) }
                        }
                    }
                    try await group.waitForAll()
                }
                let records = try await clients[0].table("notes").page(1, limit: 100).records
                #expect(records.count == 20)
                #expect(records.allSatisfy { $0.createdBy == account.id })
                let next = try #require(try await store.load())
                #expect(next.refreshToken != spent)
                #expect(next.status == .active)
            }
        }
    }

    @Test("A session that is ended from another device is over here, and says so")
    func endedElsewhere() async throws {
        try await withServer { server in
            let phone = try client(server)
            let laptop = try client(server)
            let account = try await phone.accounts.signUp(email: "ada@example.com", password: Self.password)
            let session = try #require(try await phone.accounts.sessions().first)
            try await laptop.accounts.signIn(email: "ada@example.com", password: Self.password)
            var changes = phone.accounts.changes.makeAsyncIterator()
            #expect(try await laptop.accounts.sessions().count == 2)
            try await laptop.accounts.endSession(session.id)
            let error = await #expect(throws: BkendError.self) { try await phone.table("notes").page() }
            guard case .sessionEnded = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(await changes.next() == .ended(userID: account.id))
            #expect(try await laptop.accounts.sessions().count == 1)
            let unknown = await #expect(throws: BkendError.self) { try await laptop.accounts.endSession(session.id) }
            #expect(unknown?.code == "auth/session-not-found")
        }
    }

    @Test("Passwords are changed, and reset by the token of the mail")
    func passwords() async throws {
        try await withFolder { place in
            let folder = place.path
            let data = folder + "/data"
            try await withServer(folder: data) { server in
                let client = try client(server)
                try await client.accounts.signUp(email: "ada@example.com", password: Self.password)
                let wrong = await #expect(throws: BkendError.self) {
                    try await client.accounts.changePassword(current: "wrong password", new: "abc123")
                }
                #expect(wrong?.code == .invalidCredentials)
                try await client.accounts.changePassword(current: Self.password, new: "abc123")
                #expect(try await client.accounts.currentUserID() == nil)
                try await client.accounts.signIn(email: "ada@example.com", password: "abc123")
                try await client.accounts.requestPasswordReset(email: "ada@example.com")
                try await client.accounts.requestPasswordReset(email: "nobody@example.com")
            }
            // A server that has stopped has written its mails.
            let files = try FileManager.default.contentsOfDirectory(atPath: data + "/mail")
            let file = try #require(files.first)
            let mail = try String(contentsOfFile: "\(data)/mail/\(file)", encoding: .utf8)
            let lines = mail.components(separatedBy: "\r\n")
            let place = try #require(lines.firstIndex { $0.hasSuffix("enter this code in the app:") })
            try await withServer(folder: data) { server in
                let client = try client(server)
                try await client.accounts.confirmPasswordReset(
                    email: "ada@example.com", token: lines[place + 2], newPassword: "def456")
                try await client.accounts.signIn(email: "ada@example.com", password: "def456")
                try await client.accounts.withdraw()
                #expect(try await client.accounts.currentUserID() == nil)
                let gone = await #expect(throws: BkendError.self) {
                    try await client.accounts.signIn(email: "ada@example.com", password: "def456")
                }
                #expect(gone?.code == .invalidCredentials)
            }
        }
    }

    // MARK: Support

    private func client(_ server: TestServer, _ path: String? = nil) throws -> BkendClient {
        let store: any SessionStore = try path.map { try FileSessionStore(path: $0) } ?? InMemorySessionStore()
        return try BkendClient(url: server.url, key: server.publishableKey, options: .silent, sessions: store)
    }

    private func withServer(folder: String? = nil, _ body: (TestServer) async throws -> Void) async throws {
        let server = try await TestServer.start(folder: folder, tables: Self.tables)
        do { try await body(server) } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }
}
