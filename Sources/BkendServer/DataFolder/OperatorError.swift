/// What an operator did that can't work, in one line: what, where, and what to do.
package struct OperatorError: Error, Hashable, CustomStringConvertible {
    /// The line.
    package let description: String

    /// An error with its line.
    package init(_ description: String) { self.description = description }
}
