/// Why a session couldn't be read or saved.
public struct SessionStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What failed, on which file, and what to do.
    public let description: String

    /// An error with its text, which must not hold a token.
    public init(_ description: String) { self.description = description }
}
