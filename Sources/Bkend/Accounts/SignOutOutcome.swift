/// What signing out has come to. The session is removed on this device in each case.
public enum SignOutOutcome: Sendable {
    /// Nobody was signed in.
    case nobody
    /// The session has ended on the server, or had ended there before.
    case everywhere
    /// The server couldn't be told, why: the session lives on there until it expires, or the user ends it from another
    /// device (`Accounts.endSession(_:options:)`).
    case onlyHere(BkendError)

    /// Whether the session lives on nowhere.
    public var isServerTold: Bool { if case .onlyHere = self { false } else { true } }
}
