import BkendDocuments
import BkendSync
import BkendWire

/// Makes typed snapshots of a live query's results, for one reader: decodes what changed, and tells what that was.
///
/// What stands before the first row that changed, and behind the last one, is only passed over: a row that stays is the
/// same object as before.
struct SnapshotBuilder<Model: RecordModel>: Sendable {
    private let reader: RecordReader<Model>
    /// The rows of the last snapshot's records.
    private var shown: [ObservedRow] = []
    private var last = Snapshot<Model>()
    private var isFirst = true

    init(_ reader: RecordReader<Model>) { self.reader = reader }

    /// The snapshot of a result; nil when it shows what the one before showed.
    mutating func snapshot(of result: ObservedResult) -> Snapshot<Model>? {
        let (head, tail) = unchanged(in: result.rows)
        let old = head..<(shown.count - tail)
        var next = Snapshot<Model>()
        let (rows, records) = read(result.rows[head..<(result.rows.count - tail)], after: old, into: &next.undecodable)
        next.changes = SnapshotChanges(
            from: shown[old].map(\.id), to: rows.map(\.id), renames: result.renames
        ) { shown[head + $0].says(sameAs: rows[$1]) }
        next.changes.move(by: head)
        next.pending = last.pending
        next.failed = last.failed
        for row in shown[old] { row.count(-1, in: &next) }
        for row in rows { row.count(1, in: &next) }
        next.records = last.records
        next.completeness = result.isComplete ? .complete : .partial
        next.error = result.error
        let isSame =
            next.changes.isEmpty && next.undecodable == last.undecodable && next.completeness == last.completeness
            && next.error == last.error
        // Nobody else holds the list while it changes, unless a reader kept the last snapshot.
        last.records = []
        next.records.replaceSubrange(old, with: records)
        shown.replaceSubrange(old, with: rows)
        last = next
        defer { isFirst = false }
        return isSame && !isFirst ? nil : next
    }

    /// How many rows from the first on, and from the last back, are as they were.
    private mutating func unchanged(in rows: [ObservedRow]) -> (head: Int, tail: Int) {
        let most = min(shown.count, rows.count)
        var head = 0
        while head < most, stays(at: head, as: rows[head]) { head += 1 }
        var tail = 0
        while tail < most - head, stays(at: shown.count - 1 - tail, as: rows[rows.count - 1 - tail]) { tail += 1 }
        return (head, tail)
    }

    /// Whether a row is as it was; then it is the one that is kept, so that next time it is seen at once.
    private mutating func stays(at position: Int, as row: ObservedRow) -> Bool {
        if shown[position] === row { return true }
        guard shown[position].says(sameAs: row) else { return false }
        shown[position] = row
        return true
    }

    /// Reads rows into records: those that are another than before; the others are taken over.
    private func read(
        _ rows: ArraySlice<ObservedRow>, after old: Range<Int>, into undecodable: inout [UndecodableRecord]
    ) -> (rows: [ObservedRow], records: [Record<Model>]) {
        var positions: [ExactString: Int] = [:]
        for position in old { positions[ExactString(shown[position].id)] = position }
        var read: [ObservedRow] = []
        var records: [Record<Model>] = []
        read.reserveCapacity(rows.count)
        records.reserveCapacity(rows.count)
        for row in rows {
            if let old = positions[ExactString(row.id)], shown[old].says(sameAs: row) {
                read.append(row)
                records.append(last.records[old])
                continue
            }
            do throws(StoreError) {
                records.append(try reader.record(row))
                read.append(row)
            } catch {
                undecodable.append(UndecodableRecord(error, id: row.id))
            }
        }
        return (read, records)
    }
}

extension ObservedRow {
    /// Counts it among a snapshot's waiting or failed records, or takes it out again.
    fileprivate func count<Model>(_ step: Int, in snapshot: inout Snapshot<Model>) {
        switch state {
        case .synced: break
        case .pending: snapshot.pending += step
        case .failed, .unresolved: snapshot.failed += step
        }
    }
}

extension SnapshotChanges {
    /// Moves every position: the changes are those of a part of a list that begins there.
    fileprivate mutating func move(by offset: Int) {
        if offset == 0 { return }
        for index in inserted.indices { inserted[index].index += offset }
        for index in deleted.indices { deleted[index].index += offset }
        for index in updated.indices { updated[index].index += offset }
        for index in moved.indices {
            moved[index].from += offset
            moved[index].to += offset
        }
    }
}
