public import BkendSync
import BkendWire
public import Foundation

extension BkendClient {
    /// Opens the local store of the signed-in user, or of a guest. Sends nothing: the store opens without a network and
    /// with an expired session.
    ///
    /// ```swift
    /// let store = try await client.openLocalStore(at: folder)
    /// try await store.subscribe(to: store.table(Note.self))
    /// try await store.sync.start()
    /// ```
    ///
    /// Each user has a separate store in the folder, which other users of the system can't read (mode 0700). Opening a
    /// store again returns another handle to it. Other processes may have it open at the same time.
    ///
    /// If the session can't be read, the store that was opened last opens. A session for another server's address opens
    /// its user's store. Neither store sends anything until a user signs in.
    ///
    /// - Parameters:
    ///   - folder: the folder for the app's stores, created if it doesn't exist. It must be on a local disk: SQLite and
    ///     file locks don't work over a network.
    ///   - name: the store's name, for apps with several stores per user: 1 to 64 letters, digits, `_` and `-`.
    /// - Throws: `StoreError`
    public func openLocalStore(at folder: URL, name: String = "main") async throws(StoreError) -> LocalStore {
        try await openLocalStore(at: folder.path(percentEncoded: false), name: name)
    }

    /// Opens the local store of the signed-in user, or of a guest; see `openLocalStore(at:name:)` with a URL.
    package func openLocalStore(at folder: String, name: String = "main") async throws(StoreError) -> LocalStore {
        let owner = await runner.sessions.owner()
        let open = try await OpenStore.open(
            root: folder, name: name, owner: owner, server: runner.identity)
        return LocalStore(open, userID: try await open.read { try $0.owner }, runner: runner)
    }

    /// Replaces an open store with the local store of the user who is signed in now. Call it after every sign-in,
    /// sign-up and sign-out.
    ///
    /// ```swift
    /// try await client.accounts.signUp(email: email, password: password)
    /// store = try await client.openLocalStore(at: folder, replacing: store)
    /// ```
    ///
    /// A guest's store becomes the user's store, with its records and outbox. If the user already has a store on this
    /// device, the guest's writes are moved into it (`LocalStore.takeOver(into:)`). In any other case the open store is
    /// closed and the other one is opened. If the method returns another store and synchronisation was running, it
    /// starts there with the same options. Each store keeps its own subscriptions.
    ///
    /// - Parameters:
    ///   - folder: the folder for the app's stores.
    ///   - name: the store's name.
    ///   - store: the store that is open under that name.
    /// - Returns: the store of the current user; the same handle if it is still the right one.
    /// - Throws: `StoreError`. The open store stays open then.
    public func openLocalStore(
        at folder: URL, name: String = "main", replacing store: LocalStore
    ) async throws(StoreError) -> LocalStore {
        // As long as nobody can say who is signed in, nobody else is.
        guard let owner = await runner.sessions.owner(), !owner.hasSameBytes(as: store.userID) else { return store }
        let user = try await runner.sessions.userHere()
        let isTaking = store.userID.isEmpty && user != nil
        if isTaking {
            do throws(StoreError) {
                try await store.takeOver()
                return store
            } catch {
                // The user has a store of their own.
                guard error.reason == .otherOwner else { throw error }
            }
        }
        let options = await store.synchroniser?.runningOptions()
        let next = try await openLocalStore(at: folder, name: name)
        if isTaking {
            do throws(StoreError) {
                try await store.takeOver(into: next)
            } catch {
                await next.close()
                if let options { try? await store.sync.start(options) }
                throw error
            }
        }
        if let options {
            do throws(StoreError) { try await next.sync.start(options) } catch {
                await next.close()
                throw error
            }
        }
        await store.close()
        return next
    }
}
