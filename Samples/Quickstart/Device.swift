import Bkend
import Foundation

/// One of Noor's devices: a client with a session of its own, and a store in a folder of its own.
struct Device {
    let client: BkendClient
    let store: LocalStore
    var notes: LocalTable<Note> { store.table(Note.self) }

    /// Signs in and opens the store.
    static func open(_ folder: String, url: String, key: String, isNew: Bool) async throws -> Device {
        // The session lies in a file: the app's next start finds it there, with or without a network.
        let sessions = try FileSessionStore(path: folder + "/session.json")
        var options = ClientOptions()
        options.logger.logLevel = .warning
        let client = try BkendClient(url: url, key: key, options: options, sessions: sessions)
        let (email, password) = ("noor@example.com", "winter bread 7")
        if isNew {
            try await client.accounts.signUp(email: email, password: password, name: "Noor")
        } else {
            try await client.accounts.signIn(email: email, password: password)
        }
        return Device(client: client, store: try await client.openLocalStore(at: URL(filePath: folder)))
    }

    /// Waits until the notes on this device are as said.
    func shows(_ what: String, _ isAsSaid: @escaping @Sendable ([Record<Note>]) -> Bool) async throws {
        try await Deadline.run(what) {
            await store.sync.syncNow()
            for await snapshot in notes.live() where isAsSaid(snapshot.records) { return }
        }
    }

    func close() async {
        await store.close()
        await client.shutdown()
    }
}
