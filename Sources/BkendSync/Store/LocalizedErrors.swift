import BkendWire
public import Foundation

// See BkendWire's LocalizedErrors.swift.

extension StoreError: LocalizedError {
    /// What is wrong and what to do.
    public var errorDescription: String? {
        if case .rejected(let failure) = reason { return failure.errorDescription }
        return explanation.asSentence
    }
}

extension EntryFailure: LocalizedError {
    /// The reason as text.
    public var errorDescription: String? { message.asSentence }
}

extension SyncProblem: LocalizedError {
    /// What failed, without the server's message.
    public var errorDescription: String? { description.asSentence }
}
