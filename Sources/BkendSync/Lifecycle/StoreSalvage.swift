import BkendDocuments
import BkendWire
import Foundation
import GRDB

/// Sets a damaged store aside and carries over what can't be fetched again: the outbox, its ids, and what the records
/// were that it changes. Everything else comes back from the server.
///
/// A kill may come at any moment. The mark tells how far the work is; files that were moved stay; what the new store
/// took over it took over in one transaction, which says so itself (`salvaged` in its meta table).
struct StoreSalvage {
    let path: String
    let lock: FileLock
    let presence: StorePresence

    /// Whether an error says that the file is damaged, not that it is somebody else's or can't be reached.
    static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case let error as DatabaseError: [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
        case let error as StoreError: if case .damaged = error.reason { true } else { false }
        case is DamagedDocument: true
        default: false
        }
    }

    /// - Throws: `StoreError.Reason.damagedWhileInUse` while another process has the store open: what it writes would go
    ///   into the files that were set aside.
    func run(because reason: String, reopening open: () throws -> StoreDatabase) throws -> StoreDatabase {
        var mark = DamageMark.read(beside: path) ?? DamageMark(reason: reason)
        try lock.withLock {
            guard presence.shutOthersOut() else { throw StoreError(.damagedWhileInUse) }
            try setAside(&mark)
        }
        defer { presence.share() }
        let store = try renewed(open)
        let damage = try store.read { try $0.meta("salvaged") }.flatMap(StoreDamage.init) ?? restore(mark, into: store)
        store.damage = damage
        try DamageMark.remove(beside: path)
        return store
    }

    /// Moves the database and its log to the first free name. The choice is on disk before the first file moves, and
    /// that all have moved before there is a new one.
    private func setAside(_ mark: inout DamageMark) throws {
        if mark.number == nil {
            var number = 1
            while Self.suffixes.contains(where: { access(aside(number) + $0, F_OK) == 0 }) { number += 1 }
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

    private func restore(_ mark: DamageMark, into store: StoreDatabase) throws -> StoreDamage {
        let aside = aside(mark.number)
        var found = SalvagedRows()
        // An empty database has no rows, and SQLite would throw its log away.
        if StoreFolder.size(of: aside) ?? 0 == 0 {
            found.isUnreadable = true
        } else {
            do { try found.read(from: aside) } catch { found.isUnreadable = true }
        }
        return try store.write { transaction in
            let saved = try transaction.restore(found)
            let hasMoved = Self.suffixes.contains { access(aside + $0, F_OK) == 0 }
            let damage = StoreDamage(
                reason: mark.reason, setAside: hasMoved ? aside : "", savedEntries: saved,
                lostEntries: found.lost + max(0, found.entries - saved), isOutboxUnreadable: found.isUnreadable)
            try transaction.setMeta("salvaged", damage.text)
            return damage
        }
    }

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

    fileprivate init?(_ text: String) {
        guard let json = try? JSON(parsing: text) else { return nil }
        func count(_ name: String) -> Int { json[name]?.intValue.flatMap { Int(exactly: $0) } ?? 0 }
        self.init(
            reason: json["reason"]?.stringValue ?? "", setAside: json["setAside"]?.stringValue ?? "",
            savedEntries: count("savedEntries"), lostEntries: count("lostEntries"),
            isOutboxUnreadable: json["isOutboxUnreadable"]?.boolValue ?? true)
    }
}
