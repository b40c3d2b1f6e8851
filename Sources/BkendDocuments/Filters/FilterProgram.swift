import BkendWire

/// A filter, taken apart once and then tried on many documents.
struct FilterProgram {
    /// A node of the filter's tree.
    indirect enum Node {
        case test(Test)
        case all([Node])
        case any([Node])
        case not(Node)
        case always(Bool)
    }

    /// One operator on one path.
    struct Test {
        let path: DocumentPath
        /// The number of the path's first field.
        let slot: Int
        let test: ValueTest
        let negated: Bool
    }

    private let root: Node

    /// Takes a filter apart; the fields that it names get their places in `fields`.
    ///
    /// - Throws: `InvalidPattern`.
    init(_ filter: Filter, fields: DocumentFields) throws {
        root = try Self.node(filter, fields)
    }

    /// Whether every document matches.
    var isAlways: Bool { if case .always(true) = root { true } else { false } }

    private static func node(_ filter: Filter, _ fields: DocumentFields) throws -> Node {
        switch filter {
        case .condition(let condition):
            let path = DocumentPath(condition.field)
            let slot = fields.slot(path.parts[0].name)
            return join(
                try condition.operators.map { filterOperator in
                    let (test, negated) = try ValueTest.of(filterOperator)
                    return .test(Test(path: path, slot: slot, test: test, negated: negated))
                })
        case .allOf(let filters): return join(try filters.map { try node($0, fields) })
        case .anyOf(let filters):
            if filters.isEmpty { return .always(false) }
            let nodes = try filters.map { try node($0, fields) }
            return nodes.count == 1 ? nodes[0] : .any(nodes)
        case .not(let filter): return .not(try node(filter, fields))
        }
    }

    private static func join(_ nodes: [Node]) -> Node {
        let needed = nodes.filter { if case .always(true) = $0 { false } else { true } }
        return needed.isEmpty ? .always(true) : needed.count == 1 ? needed[0] : .all(needed)
    }

    /// Whether the document that `fields` has loaded matches.
    ///
    /// - Throws: `PatternLimitExceeded`.
    func matches(_ text: StoredText, _ fields: DocumentFields, _ workspace: TestWorkspace) throws -> Bool {
        try Self.matches(root, text, fields, workspace)
    }

    private static func matches(
        _ node: Node, _ text: StoredText, _ fields: DocumentFields, _ workspace: TestWorkspace
    ) throws -> Bool {
        switch node {
        case .always(let answer): return answer
        case .all(let nodes): return try nodes.allSatisfy { try matches($0, text, fields, workspace) }
        case .any(let nodes): return try nodes.contains { try matches($0, text, fields, workspace) }
        case .not(let node): return try !matches(node, text, fields, workspace)
        case .test(let test):
            // The path's walk, which may find nothing to try.
            try workspace.spend(1)
            let found = try Candidates(text: text, path: test.path).visit(first: fields.offset(test.slot)) {
                try test.test.passes($0, in: text, workspace)
            }
            return found != test.negated
        }
    }
}
