import BkendWire

/// Bounds on a document's id.
struct IDBounds {
    /// A comparison, as SQL spells it, and the id.
    private(set) var bounds: [(comparison: String, id: String)] = []

    var isEmpty: Bool { bounds.isEmpty }
    var conditions: [String] { bounds.map { "d.id \($0.comparison) ?" } }

    /// Adds an operator on `id`; false when it is none that bounds ids. SQLite compares text by its UTF-8 bytes, as
    /// the comparison key does.
    mutating func add(_ filterOperator: FilterOperator) -> Bool {
        switch filterOperator {
        case .greater(.string(let id)): bounds.append((">", id))
        case .greaterOrEqual(.string(let id)): bounds.append((">=", id))
        case .less(.string(let id)): bounds.append(("<", id))
        case .lessOrEqual(.string(let id)): bounds.append(("<=", id))
        default: return false
        }
        return true
    }

    func bind(to statement: inout RunningStatement) throws {
        for bound in bounds { try statement.bind(bound.id) }
    }
}
