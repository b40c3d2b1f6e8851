import BkendSync
import BkendWire

/// What a session store holds, as one server's client sees it.
enum StoredSession: Sendable {
    /// Nobody is signed in.
    case nobody
    /// A session of this server's, ended or not.
    case session(Session)
    /// A session of another address. Its tokens are sent to no other, so that the user must sign in again here.
    case elsewhere(Session)

    init(_ session: Session?, of server: String) {
        guard let session else {
            self = .nobody
            return
        }
        self = session.server.hasSameBytes(as: server) ? .session(session) : .elsewhere(session)
    }

    /// Whose session it is, whether this server knows them or not.
    var userID: String? {
        switch self {
        case .nobody: nil
        case .session(let session), .elsewhere(let session): session.userID
        }
    }
}

extension SessionKeeper {
    /// Whose records are at stake on this device: the user's who is signed in, or whose session has ended, or is another
    /// address's; `""` for a guest's, nil where a session can't be read.
    func owner() async -> String? {
        do { return try await found().userID ?? "" } catch { return nil }
    }

    /// The user whom this server has named; nil for nobody.
    ///
    /// - Throws: `StoreError` of `session` when it can't be read.
    func userHere() async throws(StoreError) -> String? {
        do throws(BkendError) {
            guard case .session(let session) = try await found() else { return nil }
            return session.userID
        } catch {
            throw StoreError(.session(error.description))
        }
    }
}
