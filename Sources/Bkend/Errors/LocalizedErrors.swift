import BkendTransport
import BkendWire
public import Foundation

// See BkendWire's LocalizedErrors.swift.

extension BkendError: LocalizedError {
    /// What a person can be told: what went wrong and what to do, without the request. `description` is for a log.
    public var errorDescription: String? {
        let text =
            switch reason {
            case .server(let body): body.errorDescription ?? ""
            case .transport(let error): error.errorDescription ?? ""
            case .cancelled: "It was cancelled."
            case .foreignAnswer: "Something other than the server answered. Check the connection for a sign-in page."
            default: explanation.asSentence
            }
        let isDone = mayHaveBeenApplied ? " It may have been done all the same." : ""
        return Redaction.redact(text + isDone)
    }
}

extension SessionStoreError: LocalizedError {
    /// What failed, and what to do.
    public var errorDescription: String? { description.asSentence }
}
