import BkendWire

/// The changes from one snapshot to the next.
///
/// To get the new list, remove the deleted and the moved records from the old list. Then insert the inserted and the
/// moved records at their new positions, in order.
public struct SnapshotChanges: Hashable, Sendable {
    /// A record and its position.
    public struct Place: Hashable, Sendable {
        /// The record's id.
        public var id: String
        /// Its position.
        public var index: Int
        /// The record's previous id, if the server has given it another one since.
        public var formerly: String?
    }

    /// A record that stayed and has changed its position relative to the others.
    public struct Move: Hashable, Sendable {
        /// The record's id now.
        public var id: String
        /// Its position before.
        public var from: Int
        /// Its position now.
        public var to: Int
    }

    /// The records that are new in the result, ordered by their positions now.
    public var inserted: [Place] = []
    /// The records that are no longer in the result, ordered by their positions before.
    public var deleted: [Place] = []
    /// The records that have changed, in content, sync state or id.
    public var updated: [Place] = []
    /// The records that changed positions, as few as possible, ordered by their positions now.
    public var moved: [Move] = []

    /// Whether nothing changed.
    public var isEmpty: Bool { inserted.isEmpty && deleted.isEmpty && updated.isEmpty && moved.isEmpty }
}

extension SnapshotChanges {
    /// The changes from one list to another.
    ///
    /// - Parameters:
    ///   - renames: new ids to old ones.
    ///   - isSame: whether the record at an old position is the same as the one at a new position.
    init(
        from old: [String], to new: [String], renames: [ExactString: String],
        isSame: (_ old: Int, _ new: Int) -> Bool
    ) {
        var positions: [ExactString: Int] = [:]
        for (index, id) in old.enumerated() { positions[ExactString(id)] = index }
        var origins: [Int?] = []
        var isKept = Array(repeating: false, count: old.count)
        for (index, id) in new.enumerated() {
            // An id that is in both lists is that record, whatever else was renamed to it.
            let formerly = positions[ExactString(id)] == nil ? renames[ExactString(id)] : nil
            let origin = positions[ExactString(formerly ?? id)].flatMap { isKept[$0] ? nil : $0 }
            origins.append(origin)
            guard let origin else {
                inserted.append(Place(id: id, index: index))
                continue
            }
            isKept[origin] = true
            if formerly != nil || !isSame(origin, index) {
                updated.append(Place(id: id, index: index, formerly: formerly))
            }
        }
        for index in old.indices where !isKept[index] { deleted.append(Place(id: old[index], index: index)) }
        let kept = origins.enumerated().compactMap { index, origin in origin.map { (index, $0) } }
        let staying = Self.longestRise(kept.map(\.1))
        for (place, (index, origin)) in kept.enumerated() where !staying.contains(place) {
            moved.append(Move(id: new[index], from: origin, to: index))
        }
    }

    /// The positions of a longest increasing subsequence: the records that need not move (patience sorting).
    static func longestRise(_ values: [Int]) -> Set<Int> {
        var tails: [Int] = []
        var previous = Array(repeating: -1, count: values.count)
        for index in values.indices {
            var low = 0
            var high = tails.count
            while low < high {
                let middle = (low + high) / 2
                if values[tails[middle]] < values[index] { low = middle + 1 } else { high = middle }
            }
            if low > 0 { previous[index] = tails[low - 1] }
            if low == tails.count { tails.append(index) } else { tails[low] = index }
        }
        var rise: Set<Int> = []
        var next = tails.last ?? -1
        while next >= 0 {
            rise.insert(next)
            next = previous[next]
        }
        return rise
    }
}

extension SnapshotChanges.Place: ComparedExactly {
    package var exact: [AnyHashable] { [ExactString(id), index, formerly.map(ExactString.init)] }
}

extension SnapshotChanges.Move: ComparedExactly {
    package var exact: [AnyHashable] { [ExactString(id), from, to] }
}
