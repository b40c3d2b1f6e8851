import BkendWire

@testable import BkendDocuments
@testable import BkendServer

/// Where a table's records are among those in memory.
final class MemoryPlace: TablePlace {
    let number: Int

    init(_ number: Int) { self.number = number }
}

/// The records of an environment, a value: a copy is a snapshot.
struct MemoryRecords {
    struct Contents {
        var name: String
        var indexes: [IndexDefinition]
        var texts: [ExactString: [UInt8]] = [:]
    }

    private(set) var places: [Int: Contents] = [:]
    private var last = 0

    /// The place of the table of that name.
    func place(of name: String) -> Int? { places.first { $0.value.name.hasSameBytes(as: name) }?.key }

    /// The bytes of all texts.
    var bytes: Int { places.values.reduce(0) { $0 + $1.texts.values.reduce(0) { $0 + $1.count } } }

    func text(_ id: String, in place: Int) -> [UInt8]? { places[place]?.texts[ExactString(id)] }

    /// Ids and texts in the order of ids.
    func all(in place: Int) -> [(id: String, text: [UInt8])] {
        (places[place]?.texts ?? [:]).map { (id: $0.key.string, text: $0.value) }.sorted {
            $0.id.precedesInBytes($1.id)
        }
    }

    mutating func make(_ definition: BkendWire.TableDefinition) -> Int {
        last += 1
        places[last] = Contents(name: definition.name, indexes: definition.storedIndexes)
        return last
    }

    mutating func alter(_ place: Int, to definition: BkendWire.TableDefinition) throws {
        for index in definition.storedIndexes where index.unique {
            try conflicts(with: index, in: place) { throw $0 }
        }
        places[place]?.indexes = definition.storedIndexes
    }

    mutating func drop(_ place: Int) { places[place] = nil }

    mutating func delete(_ id: String, in place: Int) { places[place]?.texts[ExactString(id)] = nil }

    /// Puts a text under an id, whether there is one or not.
    ///
    /// - Throws: `UniqueViolation`, `InvalidDocument`.
    mutating func put(_ text: [UInt8], id: String, in place: Int) throws {
        guard let contents = places[place] else { return }
        for index in contents.indexes {
            let own = try Self.entries(of: text, id: id, in: index, contents.name)
            guard index.unique else { continue }
            for (other, stored) in all(in: place) where !other.hasSameBytes(as: id) {
                let taken = try Self.entries(of: stored, id: other, in: index, contents.name)
                if let values = own.first(where: taken.contains) {
                    throw Self.violation(of: index, values, id: id, existing: other, contents.name)
                }
            }
        }
        places[place]?.texts[ExactString(id)] = text
    }

    func conflicts(with index: IndexDefinition, in place: Int, visit: (UniqueViolation) throws -> Void) throws {
        guard let contents = places[place] else { return }
        var holders: [[UInt8]: String] = [:]
        for (id, text) in all(in: place) {
            for values in try Self.entries(of: text, id: id, in: index, contents.name) {
                if let holder = holders[values], !holder.hasSameBytes(as: id) {
                    try visit(Self.violation(of: index, values, id: id, existing: holder, contents.name))
                } else {
                    holders[values] = id
                }
            }
        }
    }

    /// The values that a document takes in an index.
    private static func entries(
        of text: [UInt8], id: String, in index: IndexDefinition, _ name: String
    ) throws -> [[UInt8]] {
        var keys = IndexKeys(stored(index), collection: name)
        try keys.load(text, id: id)
        return keys.entries.filter { !$0.holdsWholeArray }.map { Array($0.key[..<$0.valueCount]) }
    }

    private static func stored(_ index: IndexDefinition) -> StoredIndex {
        StoredIndex(index, number: 0, collection: 0, isMultikey: false)
    }

    private static func violation(
        of index: IndexDefinition, _ values: [UInt8], id: String, existing: String, _ name: String
    ) -> UniqueViolation {
        UniqueViolation(
            collection: name, index: index.name, fields: index.fields.map(\.path),
            values: KeyReader.values(of: values[...], fields: stored(index).fields), id: id, existingID: existing)
    }
}
