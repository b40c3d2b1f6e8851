/// A change of a client's session, made or detected by that client.
public enum SessionChange: Hashable, Sendable {
    /// A user signed in or signed up.
    case signedIn(userID: String)
    /// New tokens replaced the old ones.
    case refreshed(userID: String)
    /// The session ended without the user's action: it expired, it was ended elsewhere, or the response to a refresh
    /// was lost. Calls fail until a user signs in or out.
    case ended(userID: String)
    /// The user signed out, changed the password, or deleted the account. Calls are now sent as a guest.
    case signedOut
}
