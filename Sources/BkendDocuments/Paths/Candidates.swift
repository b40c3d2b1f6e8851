/// The values that a filter's path finds in a document, as MongoDB's matcher enumerates them (`ElementPath`,
/// src/mongo/db/matcher/path.cpp).
///
/// An array at the end of a path gives its elements, then itself. An array in the middle gives what its objects hold,
/// and what lies at the position when the next part is a number; arrays in arrays are entered by position only. A path
/// that ends early in an object or at a scalar gives "missing"; in an array without fitting elements it gives nothing,
/// which is neither null nor there.
struct Candidates {
    let text: StoredText
    let path: DocumentPath
    /// The arrays that were looked through, by part. With two positions on the path the same array can be reached in
    /// many ways, by name and by position, and would be looked through once for each: more often than there are atoms.
    private let seen: Seen?

    init(text: StoredText, path: DocumentPath) {
        self.text = text
        self.path = path
        seen = path.hasSeveralPositions ? Seen() : nil
    }

    private final class Seen {
        var places: Set<Int> = []
    }

    /// One value.
    struct Candidate {
        /// The value's offset, or `DocumentFields.missing`.
        let offset: Int
        /// Whether it is an element of the array at the path's end.
        let isElement: Bool
    }

    /// Calls `body` with each value until it answers true, and answers whether it did. `first` is the offset of the
    /// path's first field. A value that can be reached in several ways may be met once only.
    func visit(first: Int, _ body: (Candidate) throws -> Bool) rethrows -> Bool {
        seen?.places.removeAll()
        return try visit(field: first, part: 0, body)
    }

    /// The value of the part's field; `offset` may be missing.
    private func visit(field offset: Int, part: Int, _ body: (Candidate) throws -> Bool) rethrows -> Bool {
        if offset < 0 { return try body(Candidate(offset: DocumentFields.missing, isElement: false)) }
        let isLast = part + 1 == path.parts.count
        switch text.byte(offset) {
        case 0x5B: return try visit(array: offset, part: part + 1, body)
        case 0x7B where !isLast: return try visit(object: offset, part: part + 1, body)
        default: return try body(Candidate(offset: isLast ? offset : DocumentFields.missing, isElement: false))
        }
    }

    private func visit(object offset: Int, part: Int, _ body: (Candidate) throws -> Bool) rethrows -> Bool {
        try visit(field: text.value(of: path.parts[part].name, inObject: offset), part: part, body)
    }

    /// The elements of an array that the parts before `part` lead to.
    private func visit(array offset: Int, part: Int, _ body: (Candidate) throws -> Bool) rethrows -> Bool {
        if part == path.parts.count {
            let end = try text.elements(ofArray: offset) { try !body(Candidate(offset: $0, isElement: true)) }
            if end == nil { return true }
            return try body(Candidate(offset: offset, isElement: false))
        }
        if let seen, !seen.places.insert(offset * path.parts.count + part).inserted { return false }
        let position = path.parts[part].position
        let isLast = part + 1 == path.parts.count
        var index = 0
        let end = try text.elements(ofArray: offset) { element in
            defer { index += 1 }
            let isObject = text.byte(element) == 0x7B
            if isObject, try visit(object: element, part: part, body) { return false }
            guard index == position else { return true }
            if isLast { return try !body(Candidate(offset: element, isElement: false)) }
            if isObject { return try !visit(object: element, part: part + 1, body) }
            if text.byte(element) == 0x5B { return try !visit(array: element, part: part + 1, body) }
            return true
        }
        return end == nil
    }
}

extension StoredText {
    /// The offset of a member's value, or `DocumentFields.missing`.
    func value(of name: [UInt8], inObject offset: Int) -> Int {
        var found = DocumentFields.missing
        _ = members(ofObject: offset) { written, value in
            guard StoredText.name(written, is: name) else { return true }
            found = value
            return false
        }
        return found
    }
}
