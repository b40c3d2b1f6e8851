/// A change of a client's session, as that client made or met it.
public enum SessionChange: Hashable, Sendable {
    /// A user has signed in or up.
    case signedIn(userID: String)
    /// The tokens were replaced by new ones.
    case refreshed(userID: String)
    /// The session is over, without the user's doing: it expired, was ended elsewhere, or the answer to a refresh was
    /// lost. Calls are refused until someone signs in, or out.
    case ended(userID: String)
    /// The user has signed out, changed the password, or withdrawn: calls are a guest's now.
    case signedOut
}
