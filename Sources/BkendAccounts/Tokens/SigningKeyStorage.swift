/// Where the keys that sign access tokens are kept.
package protocol SigningKeyStorage: Sendable {
    /// What tells the keys as they are now from others; nil when it can't be told, which counts as a change.
    func stamp() async -> SigningKeyStamp?

    /// The keys, the one that signs first.
    ///
    /// - Throws: `AccountsFailure` when they can't be read.
    func load() async throws -> [SigningKey]
}

/// What tells signing keys at one moment from those at another: a file's identity and time, or a number that moves.
package struct SigningKeyStamp: Hashable, Sendable {
    private let first: UInt64
    private let second: Int64
    private let third: Int64

    /// A stamp of up to three numbers.
    package init(_ first: UInt64, _ second: Int64 = 0, _ third: Int64 = 0) {
        (self.first, self.second, self.third) = (first, second, third)
    }
}
