public import BkendSync
import BkendWire
public import Foundation

extension BkendClient {
    /// Opens the local store of the user who is signed in, or a guest's. Nothing is sent: it opens without a network, and
    /// with an expired session.
    ///
    /// Each user has a store of their own below the folder, which others of the system can't read (mode 0700). Opening
    /// one again gives another handle on it; other processes may have it open as well.
    ///
    /// Where nobody can say who is signed in, since the session can't be read, the store opens that was opened last. A
    /// session of another server's address opens its user's. Neither sends anything until somebody has signed in.
    ///
    /// - Parameters:
    ///   - folder: where the app keeps its stores; made when it is missing. On a local disk: SQLite and file locks don't
    ///     work over a network.
    ///   - name: tells several stores of one user apart: 1 to 64 letters, digits, `_` and `-`.
    /// - Throws: `StoreError`
    public func openLocalStore(at folder: URL, name: String = "main") async throws(StoreError) -> LocalStore {
        try await openLocalStore(at: folder.path(percentEncoded: false), name: name)
    }

    /// Opens the local store of the user who is signed in, or a guest's; see `openLocalStore(at:name:)` by URL.
    public func openLocalStore(at folder: String, name: String = "main") async throws(StoreError) -> LocalStore {
        let owner = await runner.sessions.owner()
        let open = try await OpenStore.open(
            root: folder, name: name, owner: owner, server: runner.identity)
        return LocalStore(open, userID: try await open.read { try $0.owner }, runner: runner)
    }

    /// The local store of whoever is signed in by now, in the place of one that is open: one call after every sign-in,
    /// sign-up and sign-out.
    ///
    /// ```swift
    /// try await client.accounts.signUp(email: email, password: password)
    /// store = try await client.openLocalStore(at: folder, replacing: store)
    /// ```
    ///
    /// A guest's store becomes the user's, with its records and what waits in its outbox. Where the user has one on this
    /// device already, the guest's writes are moved into that (`LocalStore.takeOver(into:)`). In any other case the store
    /// is closed and the other one opened. Where another store is given back and synchronisation was running, it is
    /// started there with the same options. Subscriptions are each store's own.
    ///
    /// - Parameters:
    ///   - folder: where the app keeps its stores.
    ///   - name: the store's name.
    ///   - store: the one that is open under that name.
    /// - Returns: the same handle where it is still the right one.
    /// - Throws: `StoreError`; the open store stays open then.
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
