/// A storage that failed: nothing of the transaction was kept, unless it was the commit that failed, of which nobody can
/// say. A body that meets one passes it on.
package struct StorageFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the server does about it.
    package enum Kind: Hashable, Sendable {
        /// There is no room left.
        case full
        /// A value that must be unique is there already: another write was faster, and the body runs again.
        case notUnique
        /// Anything else.
        case other
    }

    /// What the server does about it.
    package let kind: Kind
    /// What the storage said, for the operator; without SQL.
    package let message: String

    /// A failure.
    package init(_ kind: Kind, message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { "the database failed: \(message)" }
}
