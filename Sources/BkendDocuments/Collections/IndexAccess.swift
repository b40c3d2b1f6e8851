import BkendWire

/// What one index can do for a query.
struct IndexAccess {
    private let planner: Planner
    private let index: StoredIndex
    private let forCounting: Bool

    /// The most ranges of keys that one query looks through.
    private static let rangeLimit = 2_048

    init(_ planner: Planner, _ index: StoredIndex, forCounting: Bool) {
        self.planner = planner
        self.index = index
        self.forCounting = forCounting
    }

    /// Equalities on the leading fields, then one range, then the order: as much of that as the query has. Nil when the
    /// index is of no use.
    var access: Access? {
        var prefixes: [[UInt8]] = [[]]
        var served: Set<Int> = []
        var isExact = true
        var rank = 0
        var constrainsPresence = false
        var field = 0
        // A field bound to one value has no say in the order; one bound to several mixes it up.
        var isFixed = true

        while field < index.fields.count, let equality = equality(field) {
            guard prefixes.count * max(1, equality.keys.count) <= Self.rangeLimit else { break }
            if equality.keys.isEmpty { return Access(source: .nothing, served: [equality.position], reversed: false) }
            prefixes = prefixes.flatMap { prefix in equality.keys.map { prefix + $0 } }
            served.insert(equality.position)
            if equality.holdsNull { if index.isMultikey { isExact = false } } else { constrainsPresence = true }
            if equality.keys.count > 1 { isFixed = false }
            rank += equality.keys.count == 1 ? 4 : 3
            field += 1
        }

        var ranges = prefixes.map { $0.isEmpty ? KeyRange.all : .continuing($0) }
        if field < index.fields.count, let range = range(field) {
            if range.ranges.isEmpty { return Access(source: .nothing, served: range.positions, reversed: false) }
            ranges = prefixes.flatMap { prefix in range.ranges.map { $0.prefixed(prefix) } }
            served.formUnion(range.positions)
            if !range.isExact { isExact = false }
            constrainsPresence = true
            rank += range.positions.count > 1 ? 2 : 1
        }
        // A sparse index lacks documents; only a condition that they can't meet makes up for them.
        if index.definition.sparse, !constrainsPresence { return nil }
        let reversed = forCounting || index.isMultikey || !isFixed || ranges.count > 1 ? nil : direction(bound: field)
        if served.isEmpty, reversed == nil { return nil }

        // An array has several entries, of which a range can meet more than one.
        let isPoint = field == index.fields.count && prefixes.count == 1 && ranges.count == 1
        var access = Access(
            source: .index(index, ranges, distinct: index.isMultikey && !isPoint), served: served, reversed: reversed)
        access.isExact = isExact
        access.rank = rank * 2 + (reversed == nil ? 0 : 1)
        return access
    }

    /// An equality on a field of the index, as the bytes that its entries hold. With several the one of fewest keys.
    private func equality(_ field: Int) -> (keys: [[UInt8]], position: Int, holdsNull: Bool)? {
        var best: (keys: [[UInt8]], position: Int, holdsNull: Bool)?
        for (position, term) in planner.terms(on: index.definition.fields[field].path) {
            guard let values = KeyRanges.values(term.filterOperator) else { continue }
            let keys = KeyRanges.keys(values)
            if let best, best.keys.count <= keys.count { continue }
            let stored = index.fields[field].isDescending ? keys.map { $0.map { ~$0 } } : keys
            best = (stored, position, values.contains { $0.isNull })
        }
        return best
    }

    /// The ranges of a field. Of an array each operator may be met by another element, so that only one of them can
    /// narrow an index that holds arrays.
    private func range(_ field: Int) -> (ranges: [KeyRange], positions: [Int], isExact: Bool)? {
        var found: (ranges: [KeyRange], positions: [Int], isExact: Bool)?
        let isDescending = index.fields[field].isDescending
        for (position, term) in planner.terms(on: index.definition.fields[field].path) {
            guard let ranges = KeyRanges.ranges(term.filterOperator, descending: isDescending) else { continue }
            let isExact = KeyRanges.areExact(term.filterOperator)
            guard let known = found else {
                found = (ranges, [position], isExact)
                continue
            }
            if index.isMultikey { continue }
            let common = known.ranges.flatMap { range in ranges.map { range.intersection($0) } }.filter { !$0.isEmpty }
            found = (common, known.positions + [position], known.isExact && isExact)
        }
        return found
    }

    /// Whether the entries behind the first fields, which are bound to one value each, lie in the query's order:
    /// forwards (false), backwards (true) or not (nil). The id ends every entry in the direction of the last field.
    private func direction(bound: Int) -> Bool? {
        let order = planner.order
        let bound = index.definition.fields[..<bound]
        let left = index.definition.fields[bound.endIndex...]
        let wanted = order.fields.filter { sort in !bound.contains { $0.path.hasSameBytes(as: sort.field) } }
        guard wanted.count == left.count else { return nil }
        let reversed = index.isIDDescending != order.isIDDescending
        for (sort, field) in zip(wanted, left) {
            guard sort.field.hasSameBytes(as: field.path), !planner.isHidden(field.path) else { return nil }
            if ((sort.direction == .descending) != field.descending) != reversed { return nil }
        }
        return reversed
    }
}
