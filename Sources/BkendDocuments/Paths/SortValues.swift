/// The values that a path gives to sort by, as MongoDB's index keys hold them (`BtreeKeyGenerator`): an array at the
/// path's end gives its elements (an empty one sorts before null), an array in the middle what its objects hold, and
/// null for each element that is none.
struct SortValues {
    let text: StoredText
    let path: DocumentPath

    /// One value to sort by.
    enum Value {
        case null
        /// An empty array.
        case nothing
        case at(Int)
    }

    /// Calls `body` with each value; there is at least one.
    func visit(first: Int, _ body: (Value) -> Void) { visit(field: first, part: 0, body) }

    private func visit(field offset: Int, part: Int, _ body: (Value) -> Void) {
        if offset < 0 { return body(.null) }
        let isLast = part + 1 == path.parts.count
        switch text.byte(offset) {
        case 0x5B: visit(array: offset, part: part + 1, body)
        case 0x7B where !isLast:
            visit(field: text.value(of: path.parts[part + 1].name, inObject: offset), part: part + 1, body)
        default: body(isLast ? .at(offset) : .null)
        }
    }

    private func visit(array offset: Int, part: Int, _ body: (Value) -> Void) {
        var isEmpty = true
        let isLeaf = part == path.parts.count
        if !isLeaf, let position = path.parts[part].position, let element = text.element(position, ofArray: offset) {
            // A position that ends the path gives its element as one key: an array there isn't opened.
            guard part + 1 == path.parts.count else { return visit(field: element, part: part, body) }
            return body(text.isEmptyArray(element) ? .nothing : .at(element))
        }
        _ = text.elements(ofArray: offset) { element in
            isEmpty = false
            if isLeaf {
                body(.at(element))
            } else if text.byte(element) == 0x7B {
                visit(field: text.value(of: path.parts[part].name, inObject: element), part: part, body)
            } else {
                body(.null)
            }
            return true
        }
        if isEmpty { body(isLeaf ? .nothing : .null) }
    }
}

extension StoredText {
    /// Whether the value there is an array without elements.
    func isEmptyArray(_ offset: Int) -> Bool {
        guard byte(offset) == 0x5B else { return false }
        var isEmpty = true
        _ = elements(ofArray: offset) { _ in
            isEmpty = false
            return false
        }
        return isEmpty
    }

    /// The offset of an array's element, nil when the array is shorter.
    func element(_ position: Int, ofArray offset: Int) -> Int? {
        var index = 0
        var found: Int?
        _ = elements(ofArray: offset) { element in
            if index == position { found = element }
            index += 1
            return found == nil
        }
        return found
    }
}
