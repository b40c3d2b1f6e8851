import BkendWire

/// One operator, ready to be tried on a value's comparison key or text.
///
/// The negative operators are the same tests with the answer turned round: `$ne` is "no value equals", which is why
/// they match where the field is missing.
enum ValueTest {
    /// Null, or missing.
    case null
    /// This key.
    case equal([UInt8])
    /// A key of the same type on one side of this one.
    case beyond([UInt8], greater: Bool, orEqual: Bool)
    /// One of these keys, sorted; null there means missing as well.
    case among([[UInt8]], null: Bool)
    /// Any value, null too.
    case present
    /// A string that a pattern matches.
    case pattern(Pattern)
    /// A string that holds the folded text (when there is one), or an array with an element of this key.
    case contains(folded: FoldedText?, element: [UInt8])
    /// Nothing.
    case never

    /// The test of an operator, and whether its answer is turned round.
    static func of(_ filterOperator: FilterOperator) throws(InvalidPattern) -> (test: ValueTest, negated: Bool) {
        switch filterOperator {
        case .equals(let value): (equality(value), false)
        case .notEquals(let value): (equality(value), true)
        case .greater(let value): (order(value, greater: true, orEqual: false), false)
        case .greaterOrEqual(let value): (order(value, greater: true, orEqual: true), false)
        case .less(let value): (order(value, greater: false, orEqual: false), false)
        case .lessOrEqual(let value): (order(value, greater: false, orEqual: true), false)
        case .isIn(let values): (membership(values), false)
        case .isNotIn(let values): (membership(values), true)
        case .exists(let exists): (.present, !exists)
        case .regex(let pattern, let options):
            (.pattern(try PatternCache.shared.pattern(pattern, options: options)), false)
        case .contains(let value):
            (.contains(folded: value.stringValue.map(FoldedText.init), element: ComparisonKey.of(value)), false)
        }
    }

    private static func equality(_ value: JSON) -> ValueTest { value.isNull ? .null : .equal(ComparisonKey.of(value)) }

    private static func order(_ value: JSON, greater: Bool, orEqual: Bool) -> ValueTest {
        // Within the type null there is only null: MongoDB's $gte and $lte of null are its $eq.
        if value.isNull { return orEqual ? .null : .never }
        return .beyond(ComparisonKey.of(value), greater: greater, orEqual: orEqual)
    }

    private static func membership(_ values: [JSON]) -> ValueTest {
        let keys = values.filter { !$0.isNull }.map(ComparisonKey.of)
        var sorted = keys.sorted { ByteOrder.compare($0, $1) < 0 }
        var last: [UInt8]?
        sorted.removeAll { key in
            defer { last = key }
            return key == last
        }
        return .among(sorted, null: keys.count < values.count)
    }
}

/// What trying values needs, reused from value to value and document to document.
final class TestWorkspace {
    var key: [UInt8] = []
    var folded: [UInt8] = []
    lazy var patterns = PatternWorkspace(deadline: deadline)
    /// Ends the query between two texts that a pattern is tried on, and every so many steps.
    let deadline = QueryDeadline.current
    private var steps = 0

    /// Counts what was done, a step being about as much as comparing a number; now and then asks whether the time is up.
    /// SQLite can't stop what happens within one document.
    func spend(_ count: Int) throws {
        steps += count
        if steps < 4_096 { return }
        steps = 0
        if let deadline, deadline.isPast { throw deadline.failure }
    }

    /// Folds the string there into `folded`.
    func fold(_ text: StoredText, _ offset: Int) throws {
        try text.withContents(ofString: offset) { contents in
            try spend(contents.count)
            TextFolding.fold(contents, into: &folded)
        }
    }
}

extension ValueTest {
    /// Whether a value passes.
    func passes(_ candidate: Candidates.Candidate, in text: StoredText, _ workspace: TestWorkspace) throws -> Bool {
        try workspace.spend(1)
        let offset = candidate.offset
        guard offset >= 0 else {
            switch self {
            case .null, .among(_, null: true): return true
            default: return false
            }
        }
        let bracket = TypeBracket.of(text.byte(offset))
        switch self {
        case .never: return false
        case .present: return true
        case .null: return bracket == TypeBracket.null
        case .equal(let key):
            return bracket == key[0] && compare(text, offset, with: key, workspace) == 0
        case .beyond(let key, let greater, let orEqual):
            guard bracket == key[0] else { return false }
            let order = compare(text, offset, with: key, workspace)
            return order == 0 ? orEqual : (order > 0) == greater
        case .among(let keys, let null):
            if bracket == TypeBracket.null { return null }
            return isAmong(keys, text, offset, workspace)
        case .pattern(let pattern):
            guard bracket == TypeBracket.string else { return false }
            if let deadline = workspace.deadline, deadline.isPast { throw deadline.failure }
            return try text.withContents(ofString: offset) { try pattern.matches($0, using: workspace.patterns) }
        case .contains(let folded, let element):
            if candidate.isElement { return false }
            if bracket == TypeBracket.array { return try holds(element, inArray: offset, text, workspace) }
            guard let folded, bracket == TypeBracket.string else { return false }
            try workspace.fold(text, offset)
            return folded.isPart(of: workspace.folded)
        }
    }

    private func compare(_ text: StoredText, _ offset: Int, with key: [UInt8], _ workspace: TestWorkspace) -> Int {
        workspace.key.removeAll(keepingCapacity: true)
        ComparisonKey.append(text, offset, to: &workspace.key)
        return ByteOrder.compare(workspace.key, key)
    }

    private func isAmong(_ keys: [[UInt8]], _ text: StoredText, _ offset: Int, _ workspace: TestWorkspace) -> Bool {
        workspace.key.removeAll(keepingCapacity: true)
        ComparisonKey.append(text, offset, to: &workspace.key)
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            let order = ByteOrder.compare(keys[middle], workspace.key)
            if order == 0 { return true }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return false
    }

    private func holds(_ key: [UInt8], inArray offset: Int, _ text: StoredText, _ workspace: TestWorkspace) throws
        -> Bool
    {
        try text.elements(ofArray: offset) { element in
            try workspace.spend(1)
            return TypeBracket.of(text.byte(element)) != key[0] || compare(text, element, with: key, workspace) != 0
        } == nil
    }
}
