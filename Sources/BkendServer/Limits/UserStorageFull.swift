import BkendWire

/// A user has stored as much as they may. It concerns them alone: the operator has nothing to do.
struct UserStorageFull: Error {
    let body: ErrorBody

    init(_ message: String, details: [ErrorBody.Detail] = []) {
        body = ErrorBody(.insufficientStorage, message, details: details)
    }
}
