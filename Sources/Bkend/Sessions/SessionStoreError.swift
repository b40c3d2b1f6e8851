import BkendWire
public import Foundation

/// An error that occurs when a session can't be read or saved.
public struct SessionStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What failed, on which file, and what to do.
    public let description: String
    /// Whether the stored session is damaged for good. A sign-in may then replace it, and a sign-out may remove it.
    /// False if it may be readable later, or if the stored data doesn't belong to this session store.
    public let isDamage: Bool

    /// Creates an error with a description, which must not contain a token.
    public init(_ description: String, isDamage: Bool = false) {
        self.description = description
        self.isDamage = isDamage
    }
}

extension SessionStoreError: LocalizedError, DescribedError {}
