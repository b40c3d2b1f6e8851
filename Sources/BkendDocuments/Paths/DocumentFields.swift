import Foundation

/// Where the top-level fields that a query is about lie in one document's text.
///
/// One pass over the document finds them all; everything else works from these offsets. Names and offsets lie in plain
/// memory: this runs once for every document that a query reads.
final class DocumentFields {
    /// The offset of a field that isn't there.
    static let missing = -1

    private struct Name {
        let start: Int
        let count: Int
    }

    private var names: [Name] = []
    private var letters: [UInt8] = []
    private var places = UnsafeMutableBufferPointer<Int>.allocate(capacity: 4)
    private(set) var text: StoredText?

    deinit { places.deallocate() }

    /// Where a field's value starts.
    @inline(__always)
    func offset(_ slot: Int) -> Int { places[slot] }

    /// The number of a top-level field, the same for the same name.
    func slot(_ name: [UInt8]) -> Int {
        for (slot, known) in names.enumerated() where letters[known.start...].prefix(known.count).elementsEqual(name) {
            return slot
        }
        names.append(Name(start: letters.count, count: name.count))
        letters += name
        if names.count > places.count {
            places.deallocate()
            places = .allocate(capacity: names.count * 2)
        }
        places.initialize(repeating: Self.missing)
        return names.count - 1
    }

    /// Finds the fields in a document; false when the text is no object.
    func load(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let text = StoredText(bytes) else { return false }
        self.text = text
        let start = text.skipSpace(0)
        guard text.byte(start) == 0x7B else { return false }
        places.update(repeating: Self.missing)
        if names.isEmpty { return true }
        names.withUnsafeBufferPointer { names in
            letters.withUnsafeBufferPointer { find(names, $0, text, start, places) }
        }
        return true
    }

    private func find(
        _ names: UnsafeBufferPointer<Name>, _ letters: UnsafeBufferPointer<UInt8>, _ text: StoredText, _ start: Int,
        _ places: UnsafeMutableBufferPointer<Int>
    ) {
        var left = names.count
        _ = text.members(ofObject: start) { written, value in
            for slot in names.indices where places[slot] < 0 {
                let name = UnsafeBufferPointer(
                    rebasing: letters[names[slot].start..<names[slot].start + names[slot].count])
                guard StoredText.name(written, is: name) else { continue }
                places[slot] = value
                left -= 1
                break
            }
            return left > 0
        }
    }

    /// Counts the field as missing in this document.
    func hide(_ slot: Int) { places[slot] = Self.missing }
}
