/// A device's session, as the SDK's session keeper treats it: a refresh token is sent once, whatever becomes of it.
/// It survives a crash, as the session file does.
struct SimulatedSession {
    /// Who is signed in: `""` for a guest, nil for nobody.
    var user: String?
    /// The tokens; none for a guest.
    var tokens: ServerSessions.Tokens?
    /// The refresh token that was sent and not answered yet: written down before it leaves.
    var refreshing: String?
    /// Whether the refresh token was used up without an answer: there won't be another access token.
    var isLastToken = false
    /// Half of the present access token's life, from when on it is renewed.
    var renewalDue: Int64?

    static let guest = SimulatedSession(user: "")
}
