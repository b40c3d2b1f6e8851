import BkendWire

/// What became of a request, by its meaning for the engine. Nothing but this is asked about an answer.
package enum Verdict: Sendable, Hashable {
    /// The server did it.
    case done(Reply)
    /// The server says that there is no such record. Nothing else may be taken for a deletion.
    case missing
    /// The request is at fault: the same one can't ever succeed.
    case rejected(ErrorBody)
    /// The rows asked for have more bytes than the server answers at once; it says how many fit.
    case pageTooLarge(ErrorBody)
    /// This user may not do this to this record or table.
    case denied(ErrorBody)
    /// The session isn't accepted; certain that nothing was done.
    case unauthorized(ErrorBody)
    /// The server asks for patience; certain that nothing was done.
    case tooMany(retryAfter: Duration?)
    /// The URL is too long.
    case tooLong
    /// The table isn't there, or not for this key: whatever is sent to it fails.
    case tableRefused(ErrorBody)
    /// The key, project, environment or account is refused: whatever is sent fails.
    case engineRefused(ErrorBody)
    /// The server failed; it may have acted.
    case serverFailed(status: Int, retryAfter: Duration?)
    /// Not a bkend server's answer: a proxy's or a portal's. The server may have acted.
    case foreign(status: Int, String)
    /// Certain that no byte reached the server.
    case notSent(SyncFailure)
    /// No complete answer; the server may have acted.
    case lost(SyncFailure)
    /// The performer didn't send it.
    case refused(SendRefusal)
}

/// What a successful answer holds.
package enum Reply: Sendable, Hashable {
    /// One record.
    case record(AnswerRow)
    /// A page of records.
    case page(AnswerPage)
    /// Another object: a spec, a user.
    case object(JSONObject)
    /// A deletion's confirmation.
    case deleted
}
