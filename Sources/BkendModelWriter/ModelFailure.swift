/// Why models can't be written, for people.
package struct ModelFailure: Error, CustomStringConvertible {
    /// What kind of failure it is; a command's exit status follows from it.
    package enum Reason: Sendable {
        /// An argument is wrong.
        case usage
        /// The definitions, or a table in them, aren't there.
        case missing
        /// The definitions are malformed.
        case data
        /// The file isn't what would be written.
        case outdated
        /// The file can't be written.
        case output
    }

    /// What kind of failure it is.
    package let reason: Reason
    /// What failed, why, and what to do.
    package let description: String

    /// A failure.
    package init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
