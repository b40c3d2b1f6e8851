import BkendTransport

/// The one time that a refresh token is sent again, after an answer that was lost: decided without I/O.
///
/// A token that comes a second time means theft to a server, and ends every session of the user. A server that says
/// `refresh-grace=N` in its last success takes it once more within N seconds of its use. Half of that is for sending, by
/// a clock that nobody sets, and half for the way there: a repetition that is late would be worse than none.
struct RefreshRepetition: Equatable, Sendable {
    /// How long to wait before.
    let pause: Duration

    /// Between attempts that find no server, and after a connection that broke.
    static let shortPause = Duration.milliseconds(250)

    /// Nil where the token must not be sent again.
    ///
    /// - Parameters:
    ///   - grace: what the last success said.
    ///   - elapsed: the time since the token was first about to be sent.
    ///   - loss: what came in the place of an answer.
    init?(grace: Duration?, elapsed: Duration, after loss: BkendError?) {
        guard let left = Self.timeLeft(grace: grace, elapsed: elapsed) else { return nil }
        switch loss?.reason {
        case .transport: pause = Self.shortPause
        // Something that stands before the server answers at once, and would say the same a moment later.
        default: pause = max(left / 2, loss?.retryAfter ?? .zero)
        }
        guard pause < left else { return nil }
    }

    /// How long from now on the token may begin to leave once more; nil for not at all.
    static func timeLeft(grace: Duration?, elapsed: Duration) -> Duration? {
        guard let grace, elapsed < grace / 2 else { return nil }
        return grace / 2 - elapsed
    }
}
