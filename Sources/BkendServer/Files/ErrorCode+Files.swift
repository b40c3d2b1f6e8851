import BkendWire

// rest-api.md §10, the codes that only files answer with.
extension ErrorCode {
    static var fileInvalidName: ErrorCode { "file/invalid-name" }
    static var fileInvalidFormat: ErrorCode { "file/invalid-format" }
    static var fileTooSmall: ErrorCode { "file/file-too-small" }
    static var fileInvalidPath: ErrorCode { "file/invalid-path" }
    static var fileKeyTooLong: ErrorCode { "file/s3-key-too-long" }
    static var fileNameTooLong: ErrorCode { "file/original-name-too-long" }
    static var fileTypeTooLong: ErrorCode { "file/mime-type-too-long" }
    static var fileSizeNegative: ErrorCode { "file/size-negative" }
    static var filePartNumber: ErrorCode { "file/invalid-part-number-range" }
    static var filePartsArray: ErrorCode { "file/invalid-parts-array" }
    static var fileDigestMismatch: ErrorCode { "file/digest-mismatch" }
    static var lengthRequired: ErrorCode { "common/length-required" }
}

extension ErrorBody {
    /// An error about one field of a file's.
    static func file(_ code: ErrorCode, _ field: String, _ rule: String, _ what: String) -> ErrorBody {
        ErrorBody(code, "\(field) \(what)", details: [.init(field: field, rule: rule, message: "\(field) \(what)")])
    }

    static let noFile = ErrorBody(.fileNotFound, "there is no file of this id")
    static let nothingStored = ErrorBody(
        .fileNotFound, "nothing was uploaded to this key yet; PUT the bytes to its address first")
    static let notYourFile = ErrorBody(.fileAccessDenied, "the file isn't yours, and isn't shown to you")
    static let notYourFileToChange = ErrorBody(.fileAccessDenied, "only its owner may change or delete a file")
    static let notYourKey = ErrorBody(.fileAccessDenied, "the key was issued to somebody else")
    static let unknownKey = ErrorBody(.fileInvalidPath, "this key was never issued, or has lapsed; ask for a new one")
    static let notInParts = ErrorBody(
        .fileInvalidPath, "this upload takes no parts any more: they are complete, or it was aborted; begin a new one")
    static let registeredKey = ErrorBody(
        .fileKeyExists, "the file of this key was registered before; ask for a new key for other bytes")
    static let tooManyBegun = ErrorBody(
        .rateLimitExceeded,
        "this user has begun \(FileSettings.mostBegun) uploads and registered none of them; register or wait a day")
    static let signInFirst = ErrorBody(
        .authenticationRequired, "sign in first, and send the access token in the header Authorization")
    static let badAddress = ErrorBody(
        .fileAccessDenied, "the address isn't one that this server has signed; use it exactly as it was given")
    static let lapsedAddress = ErrorBody(.fileAccessDenied, "the address has expired; ask for a new one")
}
