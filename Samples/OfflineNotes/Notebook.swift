import Bkend
import Foundation

/// One device: a client, whose session lies in a file, and a local store beside it.
struct Notebook {
    let client: BkendClient
    let store: LocalStore
    var notes: LocalTable<Note> { store.table(Note.self) }

    /// Opens the device. Nothing of this needs a network, except signing in.
    static func open(_ device: DeviceOptions) async throws -> Notebook {
        let sessions = try FileSessionStore(path: device.store + "/session.json")
        // A terminal is for the user's words; the commands say themselves what went wrong.
        var options = ClientOptions()
        options.logger.logLevel = .error
        let client = try BkendClient(
            url: device.server, key: device.key, options: options, sessions: sessions)
        do {
            // The store of the user who is signed in here, also when the session has expired; else a guest's.
            let store = try await client.openLocalStore(at: URL(filePath: device.store))
            return Notebook(client: client, store: try await signIn(client, store, device))
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// Lets go of everything. What was written is on the disk already.
    func close() async {
        await store.close()
        await client.shutdown()
    }

    /// Signs in where that is asked for and nobody is signed in; the store to use then.
    private static func signIn(
        _ client: BkendClient, _ store: LocalStore, _ device: DeviceOptions
    ) async throws -> LocalStore {
        guard let email = device.email, let password = device.password else { return store }
        guard try await client.accounts.currentUserID() == nil else { return store }
        let user: Account
        if device.signUp {
            user = try await client.accounts.signUp(email: email, password: password)
        } else {
            user = try await client.accounts.signIn(email: email, password: password)
        }
        if store.userID == user.id { return store }
        if store.userID.isEmpty, try await store.outbox.counts().total > 0 {
            // What was written before anybody signed in becomes this user's.
            try await store.takeOver()
            return store
        }
        await store.close()
        return try await client.openLocalStore(at: URL(filePath: device.store))
    }
}

/// What a command says when it can't do its work; one line, on standard error.
struct NotebookError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
