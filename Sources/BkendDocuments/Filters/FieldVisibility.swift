import BkendWire

/// Fields that count as missing in filter, sort, search and result (rest-api.md §7, column permissions).
package struct FieldVisibility: Hashable, Sendable, ExpressibleByArrayLiteral {
    /// A field that only some documents show.
    package struct Conditional: Hashable, Sendable {
        /// The top-level field.
        package var field: String
        /// Which documents show it. The filter itself sees every field.
        package var shownWhere: Filter

        /// A field that the documents of a filter show.
        package init(_ field: String, shownWhere: Filter) {
            self.field = field
            self.shownWhere = shownWhere
        }
    }

    /// Top-level fields that no document shows.
    package var hidden: [String]
    /// Top-level fields that some documents show.
    package var conditional: [Conditional]

    /// Every field is seen.
    package static let all: FieldVisibility = []

    /// Hides fields.
    package init(hidden: [String], conditional: [Conditional] = []) {
        self.hidden = hidden
        self.conditional = conditional
    }

    /// Hides these fields.
    package init(arrayLiteral elements: String...) { self.init(hidden: elements) }

    /// Whether nothing is hidden.
    package var isEmpty: Bool { hidden.isEmpty && conditional.isEmpty }
}
