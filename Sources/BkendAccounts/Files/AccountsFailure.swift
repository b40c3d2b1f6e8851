/// What keeps the accounts from working and is for the operator to mend: one line with what, where, and what to do. A
/// caller of the API is answered 500 and doesn't see it.
package struct AccountsFailure: Error, Hashable, CustomStringConvertible {
    /// The line.
    package let description: String

    /// A failure with its line.
    init(_ description: String) { self.description = description }
}
