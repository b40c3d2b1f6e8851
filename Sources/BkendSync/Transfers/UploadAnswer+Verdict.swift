import BkendWire

extension UploadAnswer {
    /// What an answer says to a request of an upload.
    ///
    /// - Parameters:
    ///   - visibility: what was asked for with a key.
    ///   - size: the number of bytes that it was asked for.
    ///   - date: the server's time at the answer.
    init(_ verdict: Verdict, to request: UploadRequest, visibility: String, size: Int64, at date: Timestamp?) {
        switch (verdict, request) {
        case (.storage(let word), .put), (.storage(let word), .putPart): self.init(word)
        case (.done(.object(let json)), .begin):
            self = UploadKey(begun: json, visibility: visibility, size: size, at: date).map { .issued($0) } ?? .lost
        case (.done(.object(let json)), .address): self = json["url"]?.stringValue.map { .address($0) } ?? .lost
        case (.done, .complete): self = .completed
        case (.tableRefused(let error), .begin) where error.code == .routeNotFound: self = .noParts
        case (.done(.object(let json)), .presign):
            self = UploadKey(issued: json, visibility: visibility, at: date).map { .issued($0) } ?? .lost
        case (.done(.record(let row)), .register), (.done(.record(let row)), .read):
            self = UploadedFile(row).map { .record($0) } ?? .lost
        case (.done(.page(let page)), .search):
            self = .page(page.rows.compactMap { UploadedFile($0) }, isLast: !page.hasNext)
        case (.done(.deleted), .delete): self = .deleted
        case (.missing, .register): self = .nothingStored(at: date)
        case (.missing, .read), (.missing, .delete), (.missing, .address), (.missing, .complete): self = .missing
        case (.rejected(let error), .register) where error.status == 409: self = .exists
        case (.rejected(let error), .register) where error.code == Self.invalidPath: self = .unknownKey(at: date)
        case (.rejected(let error), _), (.denied(let error), _): self = .refused(EntryFailure(error))
        default: self = .lost
        }
    }

    private static let invalidPath: ErrorCode = "file/invalid-path"

    private init(_ word: StorageWord) {
        switch word {
        case .stored(let tag): self = .stored(tag: tag)
        case .expired(let failure): self = .expired(failure)
        case .taken: self = .taken
        case .refused(let failure): self = .storageRefused(failure)
        case .silent: self = .lost
        case .bytesMissing(let failure): self = .bytesMissing(failure)
        }
    }
}
