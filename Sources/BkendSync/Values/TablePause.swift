public import BkendWire
public import Foundation

/// Why nothing is sent, or nothing of one table.
public enum PauseReason: Sendable, Hashable {
    /// The app called `pause`.
    case requested
    /// The signed-in user isn't the store's owner.
    case otherUser
    /// It isn't known yet who is signed in.
    case noSession
    /// The server or key changed, and `auth/me` doesn't name the store's user.
    case otherServer
    /// The responses aren't from a bkend server, but from a proxy or a captive portal.
    case foreignAnswer
    /// The server rejected the key, project, scope or account, with the given code.
    case refused(ErrorCode)
    /// The server doesn't allow the write for a guest, with the given code. The write is sent as the user once the
    /// guest has signed in or signed up and the store was taken over. Until then, it is retried at long intervals.
    case guestRefused(ErrorCode)
    /// The store can't be written. Nothing is sent until it can. The text is the message of SQLite or the system,
    /// without record content.
    case storeFailed(String)
}

/// A table whose writes wait, all of them or one kind. Writes that depend on them wait too.
public struct TablePause: Sendable, Hashable {
    /// The table.
    public var table: String
    /// The kind of write that waits; nil for all kinds.
    public var kind: OutboxEntry.Kind?
    /// Why.
    public var reason: PauseReason
    /// When one of the table's entries is retried, by this device's clock.
    public var until: Date

    /// A pause.
    package init(table: String, kind: OutboxEntry.Kind? = nil, reason: PauseReason, until: Date) {
        self.table = table
        self.kind = kind
        self.reason = reason
        self.until = until
    }
}
