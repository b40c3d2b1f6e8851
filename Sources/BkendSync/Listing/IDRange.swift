import BkendWire

/// Ids past one and up to another; nil is no bound.
package struct IDRange: Sendable, Hashable {
    /// The greatest id before the range.
    package var after: String?
    /// The greatest id of the range.
    package var through: String?

    /// A range.
    package init(after: String? = nil, through: String? = nil) {
        self.after = after
        self.through = through
    }

    /// Every id.
    package static let all = IDRange()

    /// As conditions on `id`.
    var conditions: [Condition] {
        var operators: [FilterOperator] = []
        if let after { operators.append(.greater(.string(after))) }
        if let through { operators.append(.lessOrEqual(.string(through))) }
        return operators.isEmpty ? [] : [Condition("id", operators)]
    }

    /// Whether an id lies in it.
    package func contains(_ id: String) -> Bool {
        if let after, !after.precedesInBytes(id) { return false }
        if let through, through.precedesInBytes(id) { return false }
        return true
    }
}
