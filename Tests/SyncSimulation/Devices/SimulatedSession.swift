/// A device's session, as the SDK's session keeper treats it: a refresh token is sent once, and once more where the
/// server announces a grace and the answer was lost. It survives a crash, as the session file does, but for what is said
/// to be in memory.
struct SimulatedSession {
    /// Who is signed in: `""` for a guest, nil for nobody.
    var user: String?
    /// The tokens; none for a guest.
    var tokens: ServerSessions.Tokens?
    /// The refresh token that was sent and not answered yet: written down before it leaves.
    var refreshing: String?
    /// Whether the refresh token was used up without an answer: there won't be another access token.
    var isLastToken = false
    /// In which incarnation of the device that became known; -1 for a crash.
    var lostBy = 0
    /// When the token under way was first sent, in memory; nil where nothing is under way.
    var firstSent: Int64?
    /// Whether it was sent once more, in memory.
    var isRepeated = false
    /// Half of the present access token's life, from when on it is renewed.
    var renewalDue: Int64?

    static let guest = SimulatedSession(user: "")
}
