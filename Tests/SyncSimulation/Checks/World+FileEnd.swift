import BkendDocuments
import BkendSync
import BkendWire

/// What must be true of files in the end.
extension World {
    /// The longest that an upload may take once everything has healed: an address must have ended before another key is
    /// asked for, and that takes a quarter of an hour, and there may be waits on both sides.
    private static let longestUpload: Int64 = 3_600_000

    /// Lets so much time pass that every file is where it is going.
    func runUntilUploaded() throws {
        guard devices.contains(where: { $0.files?.attachments.isEmpty == false }) else { return }
        for device in devices { try tell(device, .uploadNow) }
        let end = now + Self.longestUpload
        var waited = false
        while now < end, try devices.contains(where: { try hasFilesToSend($0) }) {
            waited = true
            try run(for: 20_000)
        }
        // The records that waited for them.
        if waited { try run(for: Self.quiet / 2) }
    }

    private func hasFilesToSend(_ device: SimulatedDevice) throws -> Bool {
        guard !device.owner.isEmpty, device.files != nil, let store = device.store else { return false }
        return try store.read { snapshot in
            try snapshot.outbox.entries(table: ServerFiles.table).contains { entry in
                try entry.state == .queued && !isHeldUp(entry, snapshot)
            }
        }
    }

    /// Whether the deletion of a file waits for a dead letter that names it, or one behind it.
    func isHeldUp(_ entry: OutboxEntry, _ snapshot: StoreSnapshot) throws -> Bool {
        guard entry.kind == .delete, let file = try snapshot.files.find(entry.record) else { return false }
        return try snapshot.outbox.entries().contains { other in
            other.sequence < entry.sequence && other.table != ServerFiles.table
                && [file.record, file.key, file.url].contains { other.contains($0) }
        }
    }

    /// Whether an entry waits for a file that a guest has attached: no server takes those.
    func waitsForSignIn(
        _ entry: OutboxEntry, _ device: SimulatedDevice, _ snapshot: StoreSnapshot
    ) throws -> Bool {
        guard device.owner.isEmpty, device.files != nil else { return false }
        if entry.table == ServerFiles.table { return true }
        for earlier in try snapshot.outbox.entries(of: entry.table, entry.record)
        where earlier.sequence < entry.sequence && earlier.isLive {
            if try waitsForSignIn(earlier, device, snapshot) { return true }
        }
        return try snapshot.outbox.dependencies(of: entry.sequence).contains { id in
            guard let alias = try snapshot.aliases.alias(id) else { return false }
            if alias.table == ServerFiles.table { return true }
            return try snapshot.outbox.entries(of: alias.table, id).contains {
                try $0.sequence < entry.sequence && waitsForSignIn($0, device, snapshot)
            }
        }
    }

    /// Every attachment is one file, with its bytes and its name, and every record names the right one.
    func checkFilesInTheEnd() throws {
        for device in devices {
            guard let files = device.files, let store = device.store else { continue }
            try store.read { snapshot in
                for item in files.attachments {
                    try checkOneFile(item, device, snapshot)
                    try checkHere(item, files, device, snapshot)
                }
            }
        }
        for upload in server.files.uploads where upload.state == .registered && upload.bytes == nil {
            throw Violation(.rowsWithBytes, "the server has no bytes of \(upload.key)")
        }
        try checkNames()
    }

    private func checkOneFile(_ item: Attachment, _ device: SimulatedDevice, _ snapshot: StoreSnapshot) throws {
        let place = "d\(device.number): \(item.word)"
        try checkDeleted(item, device, snapshot)
        if item.excuse != nil || device.owner.isEmpty || device.observer.reported(item) { return }
        if let entry = try snapshot.outbox.entry(item.entry), let failure = entry.failure,
            [.failed, .unresolved].contains(entry.state)
        {
            return try checkReason(failure, of: entry, item, place)
        }
        guard let id = try snapshot.aliases.alias(item.record)?.serverID else {
            throw Violation(.oneFile, "\(place) isn't on the server, and there is no reason")
        }
        // A restored backup undid it after the device had heard of it.
        if item.undone.contains(id) { return }
        guard let row = server.files.row(id), let key = row.document["s3Key"]?.stringValue else {
            throw Violation(.oneFile, "\(place) is said to be \(id), which the server doesn't have")
        }
        if row.document["ownerId"]?.stringValue != device.owner {
            throw Violation(.nobodyElse, "\(place) has become another's file \(id)")
        }
        if item.made.filter({ $0.id != id }).contains(where: { server.files.row($0.id) != nil && !$0.isDamaged }) {
            throw Violation(.oneFile, "\(place) is \(item.made.map(\.id)) on the server")
        }
        let bytes = server.files.upload(key)?.bytes
        let isKnownDamaged = item.made.contains { $0.id == id && $0.isDamaged } && !server.files.options.saysDigest
        if bytes?.sha256 != item.sha256, !isKnownDamaged {
            throw Violation(.rowsWithBytes, "\(place) has other bytes on the server than were attached")
        }
        let alias = try snapshot.aliases.alias(item.key)?.serverID
        if alias != key { throw Violation(.oneFile, "\(place): its key is \(key), and here \(alias ?? "none")") }
    }

    /// What was deleted isn't there, once nothing waits.
    private func checkDeleted(_ item: Attachment, _ device: SimulatedDevice, _ snapshot: StoreSnapshot) throws {
        guard item.isDeleted, server.files.restores == 0,
            let made = item.made.first(where: { server.files.row($0.id) != nil })
        else { return }
        let waiting = try snapshot.outbox.entries(table: ServerFiles.table)
        if waiting.contains(where: { $0.record == item.record || $0.record == made.id }) { return }
        throw Violation(.oneFile, "d\(device.number): \(item.word) was deleted, and is \(made.id) on the server")
    }

    /// Nothing stops without a good reason.
    private func checkReason(
        _ failure: EntryFailure, of entry: OutboxEntry, _ item: Attachment, _ place: String
    ) throws {
        let isThere = item.made.contains { made in
            server.files.row(made.id)?.document["ownerId"]?.stringValue == entry.user
        }
        if entry.state == .unresolved, isThere {
            throw Violation(.oneFile, "\(place) is unresolved (\(failure.code)), and is on the server")
        }
        if failure.code == "file/access-denied" {
            throw Violation(.oneFile, "\(place) is a dead letter (\(failure.code)), and is its user's own")
        }
    }

    /// The bytes here are those that were attached.
    private func checkHere(
        _ item: Attachment, _ files: DeviceFiles, _ device: SimulatedDevice, _ snapshot: StoreSnapshot
    ) throws {
        guard let file = try snapshot.files.find(item.record), !item.isLost else { return }
        let bytes = files.bytes(file.bytes)
        // Those that the server has too may have made room on a full disk.
        if bytes == nil, file.upload == nil { return }
        if bytes != item.bytes { throw Violation(.bytesKept, "d\(device.number): \(item.word) has other bytes here") }
    }

    /// No record of the server's has a placeholder, and what stands in one field belongs to one file.
    private func checkNames() throws {
        let all = devices.compactMap(\.files)
        for table in server.tables {
            for row in table.rows {
                let text = String(decoding: row.text, as: UTF8.self)
                for files in all {
                    if let name = files.placeholder(in: text) {
                        throw Violation(.fileFirst, "\(table.name)/\(row.id) on the server names \(name): \(text)")
                    }
                }
                try checkNames(row, table.name)
            }
        }
    }

    private func checkNames(_ row: StoredRow, _ table: String) throws {
        for field in ["cover", "coverKey", "coverURL"] {
            guard let name = row.document[field]?.stringValue, server.files.names[name] == nil else { continue }
            throw Violation(.fileFirst, "\(table)/\(row.id) on the server has the \(field) \(name), which is no file's")
        }
        guard let text = row.document["text"]?.stringValue else { return }
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 4, let word = parts.first else { return }
        for name in parts.dropFirst() where server.files.names[name]?.hasPrefix(word + ".") != true {
            throw Violation(
                .fileFirst, "\(table)/\(row.id) on the server says of \(word): \(name), which isn't it (\(text))")
        }
    }
}

extension DeviceObserver {
    /// Whether the app was told something about a file.
    func reported(_ item: Attachment) -> Bool { reported.contains(RecordKey(ServerFiles.table, item.record)) }
}

extension OutboxEntry {
    /// Whether it contains a text in what it sets or replaces.
    func contains(_ text: String) -> Bool {
        [fields, before].contains { JSON.object($0).firstString { $0.contains(text) } != nil }
    }
}
