/// Why a session couldn't be read or saved.
public struct SessionStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What failed, on which file, and what to do.
    public let description: String
    /// Whether what is stored can't become a session any more, so that a sign-in may put another in its place, and a
    /// sign-out drop it; false for what may be read later, or is none of this store's.
    public let isDamage: Bool

    /// An error with its text, which must not hold a token.
    public init(_ description: String, isDamage: Bool = false) {
        self.description = description
        self.isDamage = isDamage
    }
}
