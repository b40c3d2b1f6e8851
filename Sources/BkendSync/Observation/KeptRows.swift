import BkendDocuments
import BkendWire

/// The rows of an observed result, brought along by what changed alone: without a look into the database, and with as
/// many comparisons as it takes to find a place in a sorted list, however long the result is.
///
/// It is for results that begin at the query's first record and hold whole documents. Where a change can't be judged by
/// the rows alone, as when the last of a full page goes and nobody knows which record comes next, it says so, and the
/// query runs.
struct KeptRows: Sendable {
    /// The rows, in the query's order.
    private(set) var rows: [ObservedRow]
    private var byID: [ExactString: ObservedRow]
    private let table: String
    private let limit: Int
    private let probe: QueryProbe
    /// New ids to those that records had in the rows before; see `takeRenames`.
    private var renames: [ExactString: String] = [:]
    /// Whether anything is another than when it was last asked.
    private(set) var isChanged = false

    /// - Parameters:
    ///   - rows: the answer of a query that skips nothing and selects nothing, with whole documents.
    ///   - limit: how many rows the query asks for, at least 1; fewer rows than that are all there are.
    init(_ rows: [ObservedRow], table: String, limit: Int, probe: QueryProbe) {
        self.rows = rows
        self.table = table
        self.limit = limit
        self.probe = probe
        byID = Dictionary(rows.map { (ExactString($0.id), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes changes of one batch in order. False when the query has to run instead; then nothing may be made of the rows
    /// any more.
    ///
    /// - Throws: what the filter, or the order, throws on a document.
    mutating func take(_ changes: ArraySlice<ObservedChange>) throws -> Bool {
        for (index, observed) in zip(changes.indices, changes) where observed.change.table.hasSameBytes(as: table) {
            guard try take(observed, before: changes[(index + 1)...]) else { return false }
        }
        return true
    }

    /// The renames since it was last asked; from then on what is there counts as told.
    mutating func takeNews() -> [ExactString: String] {
        defer {
            renames = [:]
            isChanged = false
        }
        return renames
    }

    /// The last place, where the limit is reached; nil while another record fits in.
    func lastPlace() throws -> QueryProbe.Place? {
        guard rows.count >= limit, let last = rows.last else { return nil }
        return try place(of: last)
    }

    /// Whether a record is among the rows.
    func contains(_ id: String) -> Bool { byID[ExactString(id)] != nil }

    // MARK: Steps

    private mutating func take(_ observed: ObservedChange, before later: ArraySlice<ObservedChange>) throws -> Bool {
        let change = observed.change
        if change.kind == .state, change.formerly == nil {
            guard let old = byID[ExactString(change.record)] else { return true }
            return try replace(
                old,
                with: ObservedRow(
                    id: old.id, document: old.document, state: observed.state, localID: observed.localID))
        }
        // A record that has another id by now is told of once more, under that.
        if let document = observed.document, let id = document.id, !id.hasSameBytes(as: change.record) {
            return change.formerly == nil
                && later.contains { $0.change.formerly?.hasSameBytes(as: change.record) ?? false }
        }
        let former = change.formerly.flatMap { byID[ExactString($0)] }
        let present = byID[ExactString(change.record)]
        if let former, present != nil { guard try remove(former) else { return false } }
        let old = present ?? former
        let new: ObservedRow? = try observed.document.flatMap { document in
            guard try probe.matches(document) else { return nil }
            return ObservedRow(
                id: change.record, document: document, state: observed.state, localID: observed.localID)
        }
        if let former, new != nil, present == nil { renames[ExactString(change.record)] = origin(of: former.id) }
        switch (old, new) {
        case (nil, nil): return true
        case (let old?, nil): return try remove(old)
        case (nil, let new?): return try insert(new)
        case (let old?, let new?): return try replace(old, with: new)
        }
    }

    /// The id under which a record was last told of.
    private mutating func origin(of id: String) -> String { renames.removeValue(forKey: ExactString(id)) ?? id }

    private mutating func replace(_ old: ObservedRow, with new: ObservedRow) throws -> Bool {
        if old.says(sameAs: new) { return true }
        let isFull = rows.count >= limit
        let before = try place(of: old)
        let after = try place(of: new)
        guard let index = try position(of: before, old) else { return false }
        isChanged = true
        byID[ExactString(old.id)] = nil
        byID[ExactString(new.id)] = new
        if before == after {
            rows[index] = new
            return true
        }
        rows.remove(at: index)
        let target = try firstIndex(notBefore: after)
        // Behind the last row of a full page another record may come first.
        if isFull, target == rows.count, before < after { return false }
        rows.insert(new, at: target)
        return true
    }

    private mutating func insert(_ new: ObservedRow) throws -> Bool {
        let target = try firstIndex(notBefore: try place(of: new))
        if target >= limit { return true }
        isChanged = true
        rows.insert(new, at: target)
        byID[ExactString(new.id)] = new
        if rows.count > limit { byID[ExactString(rows.removeLast().id)] = nil }
        return true
    }

    private mutating func remove(_ old: ObservedRow) throws -> Bool {
        if rows.count >= limit { return false }
        guard let index = try position(of: try place(of: old), old) else { return false }
        isChanged = true
        rows.remove(at: index)
        byID[ExactString(old.id)] = nil
        return true
    }

    private func place(of row: ObservedRow) throws -> QueryProbe.Place {
        try probe.place(of: row.document, id: row.id)
    }

    /// Where a row stands; nil if it isn't where it must be.
    private func position(of place: QueryProbe.Place, _ row: ObservedRow) throws -> Int? {
        let index = try firstIndex(notBefore: place)
        return index < rows.count && rows[index] === row ? index : nil
    }

    /// The first row that doesn't stand before a place.
    private func firstIndex(notBefore place: QueryProbe.Place) throws -> Int {
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if try self.place(of: rows[middle]) < place { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
