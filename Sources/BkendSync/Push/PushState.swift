import BkendWire

/// What the push holds between events.
struct PushState: Sendable {
    /// The number of the newest entry that was looked at: one with a greater number that was sent came from elsewhere.
    var newestEntry: Int64 = 0
    /// Local writes wait until then for more of them.
    var notBefore: SyncInstant?
    /// What is remembered of entries.
    var entries = Memories<Int64, EntryMemory>()
    /// What is remembered of tables' writes.
    var places = Memories<PushPlace, PlaceMemory>()
    /// Records whose later entries wait until a server can't be at an earlier request any more.
    var holds: [RecordKey: SyncInstant] = [:]
    /// Rows that should not be on the server, before they are deleted.
    var guarding = DeletionGuard()

    /// What waits as a whole or in part, and until when the first of it is tried.
    var pauses: [PushPlace: PlaceMemory.Pause] {
        let whole = places.byKey.compactMapValues(\.pause)
        return parked.reduce(into: whole) { all, parked in
            let known = all[parked.parking.place]
            if let known, known.until <= parked.parking.until { return }
            all[parked.parking.place] = PlaceMemory.Pause(
                reason: known?.reason ?? parked.parking.reason, until: parked.parking.until,
                attempts: known?.attempts ?? 0)
        }
    }

    /// The entries that wait by themselves, in order.
    var parked: [(sequence: Int64, parking: EntryMemory.Parking)] {
        entries.byKey.compactMap { sequence, memory in memory.parking.map { (sequence, $0) } }.sorted { $0.0 < $1.0 }
    }

    /// Forgets what the server said to a user that isn't the store's any more.
    mutating func forgetRefusals(at now: SyncInstant) {
        places = Memories()
        entries.changeAll { memory in
            memory.parking = nil
            memory.wasDenied = false
            memory.unreadableAt = nil
            memory.wait?.until = now
        }
    }
}
