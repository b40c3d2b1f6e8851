/// The result of a sign-out. The session is removed from this device in each case.
public enum SignOutOutcome: Sendable {
    /// Nobody was signed in.
    case nobody
    /// The session has ended on the server, or had already ended there.
    case everywhere
    /// The server couldn't be notified, for the given reason. The session stays valid there until it expires, or until
    /// the user ends it from another device (`Accounts.endSession(_:options:)`).
    case onlyHere(BkendError)

    /// Whether the session doesn't exist anywhere any more.
    public var isServerTold: Bool { if case .onlyHere = self { false } else { true } }
}
