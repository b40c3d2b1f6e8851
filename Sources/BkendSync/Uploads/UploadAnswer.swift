import BkendWire

/// What an answer says to an upload.
package enum UploadAnswer: Hashable, Sendable {
    // MARK: Of bkend

    /// A key.
    case issued(UploadKey)
    /// The server takes no files in parts.
    case noParts
    /// An address for a part.
    case address(String)
    /// The parts are the file's bytes now.
    case completed
    /// The file's record.
    case record(UploadedFile)
    /// The key is registered already, or was.
    case exists
    /// Nothing was stored for the key, said at a time of the server's.
    case nothingStored(at: Timestamp?)
    /// The server doesn't know the key, or has closed it.
    case unknownKey(at: Timestamp?)
    /// There is no file of that id.
    case missing
    /// A page of files.
    case page([UploadedFile], isLast: Bool)
    /// The record was deleted.
    case deleted
    /// The request is at fault: the same one can't ever succeed.
    case refused(EntryFailure)

    // MARK: Of the storage, whose word is never bkend's

    /// The bytes are there, under a tag.
    case stored(tag: String)
    /// The address isn't good (any more).
    case expired(EntryFailure)
    /// Other bytes stand there that nobody may replace.
    case taken
    /// Another refusal.
    case storageRefused(EntryFailure)
    /// The file here is gone, or isn't what was attached.
    case bytesMissing(EntryFailure)

    // MARK: Of nobody

    /// No answer that says anything.
    case lost
}

/// A file's record, as far as an upload needs it.
package struct UploadedFile: Hashable, Sendable {
    /// The file's id.
    package var id: String
    /// The key that its bytes went to.
    package var key: String
    /// The SHA-256 of the bytes in hex, where the server knows it.
    package var sha256: String?
    /// When it was registered, by the server's clock.
    package var createdAt: Timestamp?
    /// The whole record as the server wrote it.
    package var row: AnswerRow

    /// A file.
    package init(id: String, key: String, sha256: String? = nil, createdAt: Timestamp? = nil, row: AnswerRow) {
        self.id = id
        self.key = key
        self.sha256 = sha256
        self.createdAt = createdAt
        self.row = row
    }

    /// The file that a record describes, nil for something else.
    package init?(_ row: AnswerRow) {
        guard let fields = try? row.document(),
            let key = (fields["s3Key"] ?? fields["key"])?.stringValue
        else { return nil }
        self.init(
            id: row.id, key: key, sha256: fields["sha256"]?.stringValue,
            createdAt: fields["createdAt"]?.stringValue.flatMap { Timestamp($0) }, row: row)
    }
}

/// What comes of an answer.
package enum UploadOutcome: Hashable, Sendable {
    /// The next request may go out at once.
    case goesOn
    /// The next request waits a while.
    case waits
    /// The file is on the server.
    case done(UploadedFile)
    /// A dead letter; the file stays here.
    case failed(EntryFailure)
    /// Nobody can find out whether the file is on the server: the app decides.
    case unresolved(EntryFailure)
    /// The file was on the server and was deleted there.
    case deletedElsewhere
}
