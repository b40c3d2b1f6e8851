public import BkendSync
import BkendWire
public import Foundation

extension BkendClient {
    /// Opens the local store of the user who is signed in, or a guest's. Nothing is sent: it opens without a network, and
    /// with an expired session.
    ///
    /// Each user has a store of their own below the folder, which others of the system can't read (mode 0700). Opening one again gives another handle on it;
    /// other processes may have it open as well.
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
        let owner = try await runner.sessions.owner()
        let open = try await OpenStore.open(
            root: folder, name: name, owner: owner, server: runner.identity)
        return LocalStore(open, userID: owner, runner: runner)
    }
}

extension SessionKeeper {
    /// Whose records are at stake: the user's who is signed in, or whose session has ended; "" for a guest's.
    func owner() async throws(StoreError) -> String {
        do throws(BkendError) {
            return try await stored()?.userID ?? ""
        } catch {
            throw StoreError(.session(error.description))
        }
    }
}
