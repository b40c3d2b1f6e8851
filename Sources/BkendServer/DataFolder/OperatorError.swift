/// What an operator did that can't work, in one line: what, where, and what to do.
package struct OperatorError: Error, Hashable, CustomStringConvertible {
    /// What kind of error it is; a command's exit status follows from it.
    package enum Reason: Hashable, Sendable {
        /// Anything else.
        case refused
        /// An argument is wrong.
        case usage
        /// A file isn't what it should be.
        case data
        /// A folder, a file, or something in a folder isn't there.
        case missing
        /// Something has the name already; it was left as it is.
        case present
        /// A file can't be read or written.
        case storage
        /// The system doesn't allow it.
        case denied
    }

    /// The line.
    package let description: String
    /// What kind of error it is.
    package let reason: Reason

    /// An error with its line.
    package init(_ description: String, _ reason: Reason = .refused) {
        self.description = description
        self.reason = reason
    }
}
