import BkendTransport
import BkendWire
public import Foundation

// See BkendWire's LocalizedErrors.swift.

extension BkendError: LocalizedError, DescribedError {
    /// A message for the app's users: what went wrong and what to do, without the request. Use `description` for logs.
    package var userMessage: String {
        let text =
            switch reason {
            case .server(let body): body.userMessage
            case .transport(let error): error.errorDescription ?? ""
            case .cancelled: "The operation was cancelled."
            case .foreignAnswer: "The response didn't come from the server. Check the network for a sign-in page."
            default: explanation.asSentence
            }
        let isDone = mayHaveBeenApplied ? " The operation may still have succeeded." : ""
        return Redaction.redact(text + isDone)
    }
}
