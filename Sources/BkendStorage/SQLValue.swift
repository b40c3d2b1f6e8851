import Foundation

/// A value that is bound to a statement.
package enum SQLValue: Hashable, Sendable {
    case null
    case int(Int64)
    case text(String)
    case blob(Data)
}

/// What can be bound to a statement; nil is bound as NULL.
package protocol SQLBindable {
    /// The value that is bound.
    var sqlValue: SQLValue { get }
}

extension String: SQLBindable {
    package var sqlValue: SQLValue { .text(self) }
}

extension Int64: SQLBindable {
    package var sqlValue: SQLValue { .int(self) }
}

extension Int: SQLBindable {
    package var sqlValue: SQLValue { .int(Int64(self)) }
}

extension Data: SQLBindable {
    package var sqlValue: SQLValue { .blob(self) }
}
