/// The engine's way to the server: address, key, token and transport are its business.
package protocol SyncSender: Sendable {
    /// Sends a request once and says what became of it. A create is never sent a second time by anything below.
    ///
    /// It refuses (`SyncResponse.refused`) where the session's user isn't `request.user`, and ends by the request's
    /// deadline. A cancelled task ends as `.lost(.cancelled)`, or `.notSent` where that is certain.
    func send(_ request: SyncRequest) async -> SyncResponse

    /// The same for a file's bytes.
    ///
    /// - Parameter sent: told how many have left, or come.
    func send(_ request: SyncRequest, sent: @escaping @Sendable (Int64) -> Void) async -> SyncResponse

    /// Refreshes the session. A refresh token is never sent twice; a lost answer isn't asked for again.
    func refresh() async -> SessionOutcome
}

extension SyncSender {
    /// Sends a request without telling how far it is.
    package func send(_ request: SyncRequest, sent: @escaping @Sendable (Int64) -> Void) async -> SyncResponse {
        await send(request)
    }
}

/// What an attempt to refresh the session came to. The performer's session keeper never sends a refresh token twice.
package enum SessionOutcome: Sendable, Hashable {
    /// There is a new access token.
    case renewed
    /// No new one, but the present access token is still good for a while.
    case stillUsable
    /// The session is over; the outbox stays.
    case signedOut
    /// The server wasn't reached, and the refresh token wasn't used.
    case unreachable
}
