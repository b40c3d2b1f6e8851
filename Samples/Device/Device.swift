import Bkend
import Foundation

/// One device: a client, whose session lies in a file, and a local store beside it.
package struct Device: Sendable {
    package let client: BkendClient
    package let store: LocalStore

    /// The signed-in user's id, `""` for a guest.
    package var userID: String { store.userID }

    /// Opens the device. Nothing of this needs a network, except signing in.
    static func open(_ options: DeviceOptions) async throws -> Device {
        let sessions = try FileSessionStore(path: options.store + "/session.json")
        // A terminal is for the user's words; the commands say themselves what went wrong.
        var clientOptions = ClientOptions()
        clientOptions.logger.logLevel = .error
        let client = try BkendClient(url: options.server, key: options.key, options: clientOptions, sessions: sessions)
        do {
            let folder = URL(filePath: options.store)
            // The store of the user who is signed in here, also when the session has expired; else a guest's.
            var store = try await client.openLocalStore(at: folder)
            if try await signIn(client, options) {
                // What a guest wrote becomes the user's.
                store = try await client.openLocalStore(at: folder, replacing: store)
            }
            return Device(client: client, store: store)
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

    /// Signs in where that is asked for and nobody is signed in; whether it did.
    private static func signIn(_ client: BkendClient, _ options: DeviceOptions) async throws -> Bool {
        guard let email = options.email, let password = options.password else { return false }
        guard try await client.accounts.currentUserID() == nil else { return false }
        if options.signUp {
            try await client.accounts.signUp(email: email, password: password)
        } else {
            try await client.accounts.signIn(email: email, password: password)
        }
        return true
    }
}

/// What a command says when it can't do its work; one line, on standard error.
package struct SampleError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
