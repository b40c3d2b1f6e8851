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
    /// A storage's word about a file's bytes, or its silence. It says nothing about bkend.
    case storage(StorageWord)
    /// The same of bytes that are fetched.
    case bytes(BytesWord)
}

/// What a storage says to the question for a file's bytes.
package enum BytesWord: Sendable, Hashable {
    /// Some came, perhaps all.
    case came(ReceivedBytes, tag: String?)
    /// The address isn't good.
    case refused(EntryFailure)
    /// There is nothing at the address.
    case missing(EntryFailure)
    /// The bytes aren't those that are here in part.
    case changed
    /// The file has another number of bytes than the server's record says, or more than may come.
    case otherSize(Int64)
    /// No answer that says anything; how long the storage asks to be left alone.
    case silent(EntryFailure, retryAfter: Duration?)
    /// They can't be written here.
    case unwritable(EntryFailure)
}

/// What a storage says to a file's bytes. Whoever answers there may be a proxy or a portal, so only what no upload is lost
/// by is believed.
package enum StorageWord: Sendable, Hashable {
    /// The bytes are there, under this tag; a success without one is somebody else's word.
    case stored(tag: String)
    /// The address isn't good.
    case expired(EntryFailure)
    /// Bytes stand there that can't be replaced.
    case taken
    /// Another refusal.
    case refused(EntryFailure)
    /// No answer that says anything; how long the storage asks to be left alone.
    case silent(EntryFailure, retryAfter: Duration?)
    /// The bytes here aren't what they were.
    case bytesMissing(EntryFailure)
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
