import BkendWire

/// Cuts documents down to the fields that a query selects, working on the text: what stays is copied as it is.
///
/// A dotted path keeps that much of the objects on its way, in arrays too; elements that are no objects go, as with
/// MongoDB's inclusion projections.
struct Projection {
    /// A node of the selection's tree; without children everything below stays.
    private final class Node {
        let name: [UInt8]
        var children: [Node] = []
        var keepsAll = false

        init(_ name: [UInt8]) { self.name = name }

        func child(_ name: [UInt8]) -> Node {
            if let child = children.first(where: { $0.name == name }) { return child }
            let child = Node(name)
            children.append(child)
            return child
        }
    }

    private let root = Node([])
    private let selects: Bool
    private let fields = DocumentFields()
    private let visibility: VisibilityProgram
    private let workspace = TestWorkspace()

    /// Nil when documents stay whole.
    init?(_ select: [String]?, including: [String], hiding visibility: FieldVisibility) throws {
        if select == nil, visibility.isEmpty { return nil }
        selects = select != nil
        self.visibility = try VisibilityProgram(visibility, fields: fields)
        for path in (select ?? []) + (select == nil ? [] : including) {
            var node = root
            for part in path.utf8.split(separator: 0x2E, omittingEmptySubsequences: false) {
                node = node.child(Array(part))
            }
            node.keepsAll = true
        }
        root.keepsAll = !selects
    }

    /// The document's text with the fields that stay.
    func apply(_ bytes: UnsafeBufferPointer<UInt8>) throws -> DocumentText {
        guard fields.load(bytes), let text = fields.text else {
            throw DamagedDocument(collection: "", detail: "the text is no JSON object")
        }
        let hidden = visibility.hidden + (try visibility.apply(text, fields, workspace))
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        write(object: text.skipSpace(0), text, root, hidden: hidden, to: &out)
        return DocumentText(bytes: out)
    }

    private func write(object offset: Int, _ text: StoredText, _ node: Node, hidden: [[UInt8]], to out: inout [UInt8]) {
        out.append(0x7B)
        var isFirst = true
        _ = text.members(ofObject: offset) { name, value in
            if hidden.contains(where: { StoredText.name(name, is: $0) }) { return true }
            let child = node.children.first { StoredText.name(name, is: $0.name) }
            guard node.keepsAll || child.map({ keeps($0, value, text) }) == true else { return true }
            if !isFirst { out.append(0x2C) }
            isFirst = false
            out.append(0x22)
            out.append(contentsOf: name)
            out.append(contentsOf: [0x22, 0x3A])
            write(value: value, text, node.keepsAll ? nil : child, to: &out)
            return true
        }
        out.append(0x7D)
    }

    /// A path that goes on below a scalar selects nothing.
    private func keeps(_ node: Node, _ offset: Int, _ text: StoredText) -> Bool {
        node.keepsAll || text.byte(offset) == 0x7B || text.byte(offset) == 0x5B
    }

    private func write(value offset: Int, _ text: StoredText, _ node: Node?, to out: inout [UInt8]) {
        guard let node, !node.keepsAll else {
            let end = text.endOfValue(offset)
            return out.append(contentsOf: UnsafeBufferPointer(start: text.base + offset, count: end - offset))
        }
        if text.byte(offset) == 0x7B { return write(object: offset, text, node, hidden: [], to: &out) }
        out.append(0x5B)
        var isFirst = true
        _ = text.elements(ofArray: offset) { element in
            guard text.byte(element) == 0x7B || text.byte(element) == 0x5B else { return true }
            if !isFirst { out.append(0x2C) }
            isFirst = false
            write(value: element, text, node, to: &out)
            return true
        }
        out.append(0x5D)
    }
}
