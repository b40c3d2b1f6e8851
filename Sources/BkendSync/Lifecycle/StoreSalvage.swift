import BkendDocuments
import BkendWire
import Foundation
import GRDB

/// Sets a damaged store aside and carries over what can't be fetched again: the outbox, its ids, and what the records
/// were that it changes. Everything else comes back from the server.
///
/// A kill may come at any moment. The mark tells how far the work is; files that were moved stay; what the new store
/// took over it took over in one transaction, which says so itself (`salvaged` in its meta table). Each opening tells of
/// it until a process that was told has closed the store.
struct StoreSalvage {
    let path: String
    let lock: FileLock
    let presence: StorePresence

    /// Whether an error says that the file is damaged, not that it is somebody else's or can't be reached.
    static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case let error as DatabaseError:
            [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) || lacksPartOfSchema(error)
        case let error as StoreError: if case .damaged = error.reason { true } else { false }
        case is DamagedDocument: true
        default: false
        }
    }

    /// Whether a table or column of our own is missing. The format was checked before, so its name was damaged in the
    /// schema's text, which SQLite reads like any other.
    private static func lacksPartOfSchema(_ error: DatabaseError) -> Bool {
        guard error.resultCode == .SQLITE_ERROR, let message = error.message else { return false }
        return ["no such column: ", "no such table: sync_", "no such table: bkend_"].contains { message.hasPrefix($0) }
            || message.contains(" has no column named ")
    }

    /// - Throws: `StoreError.Reason.damagedWhileInUse` while another process has the store open: what it writes would go
    ///   into the files that were set aside.
    func run(because reason: String, reopening open: () throws -> StoreDatabase) throws -> StoreDatabase {
        var mark = try DamageMark.read(beside: path) ?? DamageMark(reason: reason)
        try lock.withLock {
            guard presence.shutOthersOut() else { throw StoreError(.damagedWhileInUse) }
            do {
                try refuseNewer(mark)
                try setAside(&mark)
            } catch {
                presence.share()
                throw error
            }
        }
        defer { presence.share() }
        let store = try renewed(open)
        let damage = try store.read { try $0.meta("salvaged") }.flatMap(StoreDamage.init) ?? restore(&mark, into: store)
        store.damage = damage
        try DamageMark.remove(beside: path)
        return store
    }

    /// A later version's store is that version's to salvage: nothing of it is moved or marked.
    private func refuseNewer(_ mark: DamageMark) throws {
        let moved = try mark.number == nil ? nil : StoreFolder.size(of: aside(mark.number))
        let file = moved == nil ? path : aside(mark.number)
        // SQLite would make a new database of an empty one, and throw its log away.
        guard try StoreFolder.size(of: file) ?? 0 > 0 else { return }
        let formats: (store: Int?, collections: Int?)
        do { formats = try SalvagedRows.formats(in: file) } catch {
            if mark.failures >= Self.patience { return }
            throw error
        }
        if let format = formats.store, format > StoreSchema.format { throw StoreError(.newerFormat(format)) }
        if let format = formats.collections, format > DocumentStorage.format { throw StoreError(.newerFormat(format)) }
    }

    /// Moves the database and its log to the first free name. The choice is on disk before the first file moves, and
    /// that all have moved before there is a new one.
    private func setAside(_ mark: inout DamageMark) throws {
        if mark.number == nil {
            var number = 1
            while try Self.suffixes.contains(where: { try StoreFolder.size(of: aside(number) + $0) != nil }) {
                number += 1
            }
            mark.number = number
            try mark.write(beside: path)
        }
        if mark.isMoved { return }
        for suffix in Self.suffixes where rename(path + suffix, aside(mark.number) + suffix) != 0 && errno != ENOENT {
            throw StorageError(path: path + suffix, reason: .cannotOpen(errno: errno))
        }
        mark.isMoved = true
        try mark.write(beside: path)
    }

    /// Opens the new store. One that an earlier attempt left half-made, and that can't be opened, holds nothing yet.
    private func renewed(_ open: () throws -> StoreDatabase) throws -> StoreDatabase {
        do { return try open() } catch let error where Self.isDamage(error) {
            for suffix in Self.suffixes { unlink(path + suffix) }
            return try open()
        }
    }

    /// Carries over what can be read. Where the disk fails meanwhile the next opening tries again, a few times: what can't
    /// be read then is lost, and said to be.
    private func restore(_ mark: inout DamageMark, into store: StoreDatabase) throws -> StoreDamage {
        let aside = aside(mark.number)
        var found = SalvagedRows()
        // An empty database has no rows, and SQLite would throw its log away.
        if try StoreFolder.size(of: aside) ?? 0 == 0 {
            found.isUnreadable = true
        } else {
            found = SalvagedRows(from: aside)
        }
        if let obstacle = found.obstacle, mark.failures < Self.patience {
            mark.failures += 1
            try mark.write(beside: path)
            throw obstacle
        }
        let (reason, hasMoved) = (
            mark.reason, try Self.suffixes.contains { try StoreFolder.size(of: aside + $0) != nil }
        )
        return try store.write { transaction in
            let saved = try transaction.restoring.restore(found)
            let damage = StoreDamage(
                reason: reason, setAside: hasMoved ? aside : "", savedEntries: saved,
                lostEntries: found.lost + max(0, found.entries - saved) + (found.untold?.lostEntries ?? 0),
                isOutboxUnreadable: found.isUnreadable || found.untold?.isOutboxUnreadable ?? false)
            try transaction.setMeta("salvaged", damage.text)
            return damage
        }
    }

    /// How many openings give a failing disk another chance.
    private static let patience = 3

    private static let suffixes = ["", "-wal", "-shm"]

    private func aside(_ number: Int?) -> String { "\(path).damaged-\(number ?? 0)" }
}

extension StoreDamage {
    /// As the new store keeps it.
    fileprivate var text: String {
        let json: JSONObject = [
            "reason": .string(reason), "setAside": .string(setAside), "savedEntries": .int(Int64(savedEntries)),
            "lostEntries": .int(Int64(lostEntries)), "isOutboxUnreadable": .bool(isOutboxUnreadable),
        ]
        return json.description
    }

    init?(_ text: String) {
        guard let json = try? JSON(parsing: text) else { return nil }
        func count(_ name: String) -> Int { json[name]?.intValue.flatMap { Int(exactly: $0) } ?? 0 }
        self.init(
            reason: json["reason"]?.stringValue ?? "", setAside: json["setAside"]?.stringValue ?? "",
            savedEntries: count("savedEntries"), lostEntries: count("lostEntries"),
            isOutboxUnreadable: json["isOutboxUnreadable"]?.boolValue ?? true)
    }
}
