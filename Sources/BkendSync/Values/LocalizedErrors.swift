import BkendWire
public import Foundation

// See BkendWire's LocalizedErrors.swift.

extension StoreError: LocalizedError, DescribedError {
    /// What is wrong and what to do.
    package var userMessage: String {
        switch reason {
        case .rejected(let failure): failure.userMessage
        // The other way out is for developers.
        case .outboxNotEmpty(let count): "\(count) writes are not on the server yet. Sync first."
        default: explanation.asSentence
        }
    }
}

extension EntryFailure: LocalizedError, DescribedError {
    /// The reason as text.
    package var userMessage: String { message.asSentence }
}
