import BkendDocuments
import BkendSync
import BkendWire

/// Makes typed snapshots of a live query's results, for one reader: decodes what changed, and tells what that was.
struct SnapshotBuilder<Model: RecordModel>: Sendable {
    /// A record as it was last shown, with the text that it was read from.
    private struct Shown: Sendable {
        var row: ObservedRow
        var record: Record<Model>
    }

    private let reader: RecordReader<Model>
    private var shown: [Shown] = []
    private var last = Snapshot<Model>()
    private var isFirst = true

    init(_ reader: RecordReader<Model>) { self.reader = reader }

    /// The snapshot of a result; nil when it shows what the one before showed.
    mutating func snapshot(of result: ObservedResult) -> Snapshot<Model>? {
        var next = Snapshot<Model>()
        var positions: [ExactString: Int] = [:]
        for (index, old) in shown.enumerated() { positions[ExactString(old.row.id)] = index }
        var now: [Shown] = []
        now.reserveCapacity(result.rows.count)
        for row in result.rows {
            if let old = positions[ExactString(row.id)].map({ shown[$0] }), old.row == row {
                now.append(old)
                continue
            }
            do throws(StoreError) {
                now.append(Shown(row: row, record: try reader.record(row)))
            } catch {
                next.undecodable.append(UndecodableRecord(error, id: row.id))
            }
        }
        next.records = now.map(\.record)
        next.changes = SnapshotChanges(
            from: shown.map(\.row.id), to: now.map(\.row.id), renames: result.renames
        ) { shown[$0].row == now[$1].row }
        for row in now {
            switch row.row.state {
            case .synced: break
            case .pending: next.pending += 1
            case .failed, .unresolved: next.failed += 1
            }
        }
        next.completeness = result.isComplete ? .complete : .partial
        next.error = result.error
        let isSame =
            next.changes.isEmpty && next.undecodable == last.undecodable && next.completeness == last.completeness
            && next.error == last.error
        shown = now
        last = next
        defer { isFirst = false }
        return isSame && !isFirst ? nil : next
    }
}

extension ObservedRow {
    /// Same ids, text and state.
    fileprivate static func == (a: ObservedRow, b: ObservedRow) -> Bool {
        a.id.hasSameBytes(as: b.id) && a.document == b.document && a.state == b.state
            && a.localID.hasSameBytes(as: b.localID)
    }
}
