import BkendWire

/// Where in a record a validator is: the way from the top, put into words only where something is wrong.
struct RecordPlace {
    private enum Step {
        /// What stands before every path: a place in a file.
        case prefix(String)
        /// The position of a record in an array body.
        case record(Int)
        case name(String)
        case element(Int)
    }

    private var steps: [Step]

    /// The top of a record.
    init() { steps = [] }

    /// The top of the record at a position of an array body.
    init(record position: Int) { steps = [.record(position)] }

    /// A place in a file.
    init(_ prefix: String) { steps = [.prefix(prefix)] }

    mutating func enter(_ name: String) { steps.append(.name(name)) }

    mutating func enter(element position: Int) { steps.append(.element(position)) }

    mutating func leave() { steps.removeLast() }

    /// The top-level field that the place is in, nil outside of any.
    var field: String? {
        for step in steps { if case .name(let name) = step { return name } }
        return nil
    }

    /// Whether the place is a top-level field itself, not something in it.
    var isTopLevel: Bool {
        steps.count { step in
            switch step {
            case .name, .element: true
            case .prefix, .record: false
            }
        } == 1
    }

    /// The record that the place is in: `body`, or its position in an array body.
    var record: String {
        if case .record(let position)? = steps.first { return "[\(position)]" }
        return "body"
    }

    /// The dotted path, cut where names or the way are long.
    var path: String {
        let path = steps.map { step in
            switch step {
            case .prefix(let text): text
            case .record(let position): "[\(position)]"
            case .name(let name): name.shortened(to: Self.nameBytes)
            case .element(let position): String(position)
            }
        }.joined(separator: ".").shortened(to: ErrorBody.fieldBytes)
        return path.isEmpty ? "body" : path
    }

    /// How much of a name is shown, in bytes.
    private static let nameBytes = 64
}
