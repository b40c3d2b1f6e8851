/// A JSON object whose members keep their order. Names are unique and compared by code point.
///
/// ```swift
/// var fields: JSONObject = ["title": "Plain", "views": 3]
/// fields["mood"] = "calm"
/// ```
public struct JSONObject: Sendable {
    /// One name and its value.
    public typealias Element = (key: String, value: JSON)

    private var members: [Element]
    /// Name to position, kept only for objects large enough that a scan would be slow.
    private var positions: [ExactString: Int]?

    static let scanLimit = 16

    /// An object without members.
    public init() { members = [] }

    /// An object of these members in this order; of two with one name the last value counts, at the first's place.
    public init(_ elements: some Sequence<(String, JSON)>) {
        members = []
        for (key, value) in elements { self[key] = value }
    }

    /// Members known to have distinct names, as the parser has checked them.
    package init(unique members: [Element]) {
        self.members = members
        if members.count > Self.scanLimit { index() }
    }

    /// The value of that name. Setting keeps the member's place, or appends it; setting nil removes it.
    public subscript(key: String) -> JSON? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                if positions != nil { index() }
            case (nil, let value?): append(key, value)
            case (nil, nil): break
            }
        }
    }

    /// The names in order.
    public var keys: [String] { members.map(\.key) }

    /// Appends a member whose name the object doesn't have yet.
    mutating func append(_ key: String, _ value: JSON) {
        members.append((key, value))
        if positions != nil {
            positions?[ExactString(key)] = members.count - 1
        } else if members.count > Self.scanLimit {
            index()
        }
    }

    /// Where the member of that name stands.
    func position(of key: String) -> Int? {
        if let positions { return positions[ExactString(key)] }
        return members.firstIndex { $0.key.hasSameBytes(as: key) }
    }

    private mutating func index() {
        positions = Dictionary(uniqueKeysWithValues: members.enumerated().map { (ExactString($1.key), $0) })
    }
}

extension JSONObject: RandomAccessCollection {
    /// The position of the first member.
    public var startIndex: Int { members.startIndex }
    /// The position past the last member.
    public var endIndex: Int { members.endIndex }
    /// The member at that position.
    public subscript(position: Int) -> Element { members[position] }
}

extension JSONObject: Hashable {
    /// Same names and values in the same order, as MongoDB compares objects.
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { $0.key.hasSameBytes(as: $1.key) && $0.value == $1.value }
    }

    /// Hashes names and values in order.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for member in members {
            member.key.hashBytes(into: &hasher)
            hasher.combine(member.value)
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral, CustomStringConvertible {
    /// An object of these members; of two with one name the last counts.
    public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }

    /// The compact JSON text.
    public var description: String { JSON.object(self).description }
}
