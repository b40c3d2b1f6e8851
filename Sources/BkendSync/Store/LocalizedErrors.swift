import BkendWire
public import Foundation

// See BkendWire's LocalizedErrors.swift.

extension StoreError: LocalizedError {
    /// What is wrong and what to do.
    public var errorDescription: String? {
        switch reason {
        case .rejected(let failure): failure.errorDescription
        // The other way out is for developers.
        case .outboxNotEmpty(let count): "\(count) writes are not on the server yet. Sync first."
        default: explanation.asSentence
        }
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
