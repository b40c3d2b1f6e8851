import BkendSync
import BkendWire
import GRDB

/// A guest's store that goes into the one that a user has already.
extension World {
    /// Moves everything from a guest's device into a user's: in an app both are one device. The guest's store is empty
    /// afterwards.
    func move(_ guest: SimulatedDevice, into target: SimulatedDevice) throws {
        guard guest.owner.isEmpty, let from = guest.store, let to = target.store, guest.isUp, target.isUp,
            !guest.isFull, !target.isFull, target.committing == nil
        else { return }
        note("d\(guest.number) is moved into d\(target.number)")
        for device in [guest, target] { device.environment.advance(to: now) }
        let old = try from.read { try $0.outbox.entries() }.map(\.sequence)
        let last = try to.read { try $0.outbox.entries() }.last?.sequence ?? 0
        let count = try GuestMove.run(from: from, into: to, user: target.owner)
        let new = try to.read { try $0.outbox.entries() }.map(\.sequence).filter { $0 > last }
        if count != old.count || new.count != old.count {
            throw Violation(
                .nothingLost, "d\(guest.number) had \(old.count) entries, d\(target.number) got \(new.count)")
        }
        noteMoved(Dictionary(uniqueKeysWithValues: zip(old, new)), guest, target)
        try forget(guest, from)
        try inspect(target, after: .app)
        try checkBytes(target)
        target.files?.changedAt = now
        try tell(target, .localWrite)
    }

    private func noteMoved(_ numbers: [Int64: Int64], _ guest: SimulatedDevice, _ target: SimulatedDevice) {
        applied.move(from: guest.number, to: target.number, numbers)
        for (old, new) in numbers {
            let key = AppliedWrites.Key(device: guest.number, entry: old)
            let present = AppliedWrites.Key(device: target.number, entry: new)
            moved[key] = present
            if copies.contains(key) { copies.insert(present) }
        }
        target.takenOverAt = now
        target.remembered += guest.remembered
        target.localIDs.formUnion(guest.localIDs)
        target.observer.reported.formUnion(guest.observer.reported)
        target.observer.subscriptionsChanged = now
        for (row, entry) in guest.observer.deletedHere {
            if let number = numbers[entry] { target.observer.deletedHere[row] = number }
        }
        for item in guest.files?.attachments ?? [] { target.files?.attachments.append(item.moved(numbers)) }
    }

    /// What was the guest's is nobody's any more.
    private func forget(_ guest: SimulatedDevice, _ store: StoreDatabase) throws {
        crash(guest, restartAfter: nil)
        guest.files?.attachments = []
        guest.files?.opened = nil
        guest.remembered = []
        guest.localIDs = []
        guest.form = nil
        guest.observer = DeviceObserver()
        guest.observer.change = try store.read { try $0.changes.latest }
        if let files = guest.files, files.count > 0 {
            throw Violation(.broken, "d\(guest.number): \(files.count) files are left of a store that was moved")
        }
    }

    /// Where a write comes from, if its entries are another device's by now.
    func present(_ origin: WriteOrigin) -> WriteOrigin {
        var present = origin
        for (index, entry) in origin.entries.enumerated() {
            guard let key = moved[.init(device: origin.device, entry: entry)] else { continue }
            present.device = key.device
            present.entries[index] = key.entry
        }
        return present
    }
}

extension Attachment {
    /// The same under the number that its entry has now; one whose entry was gone has none.
    func moved(_ numbers: [Int64: Int64]) -> Attachment {
        Attachment(
            word: word, entry: numbers[entry] ?? -1, record: record, key: key, url: url, bytes: bytes, sha256: sha256,
            made: made, undone: undone, excuse: excuse, isLost: isLost, isDeleted: isDeleted)
    }
}
