import BkendWire

/// What an app does with files: attach, replace, delete. An upload is an entry of the outbox like any other, the create of
/// a record whose bytes lie beside the database.
package struct Attaching: StorePart {
    let store: StoreTransaction

    /// Queues the upload of bytes that are on disk; the ids that the file has until the server gives it its own.
    ///
    /// - Parameter fields: what the server is told of the file.
    /// - Throws: `StoreError` for fields that no server stores, or that name a record which the server doesn't have yet:
    ///   file and record would wait for each other.
    package func attach(_ bytes: WrittenBytes, _ fields: JSONObject) throws -> StoredFile {
        try store.whole {
            var fields = try store.writes.prepare(fields, table: FileTable.name, record: nil)
            if try !store.outbox.localIDs(in: fields).isEmpty { throw Self.namesLocalRecord }
            fields[FileField.size] = .int(bytes.size)
            let id = try newID(of: nil)
            let file = StoredFile(
                record: id, key: try newID(of: id), url: try newID(of: id), bytes: bytes.name, size: bytes.size,
                sha256: bytes.sha256, upload: Upload(isInParts: bytes.size >= UploadParts.least))
            let key = RecordKey(FileTable.name, id)
            try store.changes.touch(key)
            let entry = try store.outbox.append(.create, key, fields: fields)
            try store.files.add(file)
            try store.changes.show(Replay.apply(entry, to: nil)?.serialized(), at: key)
            return file
        }
    }

    /// File and record would wait for each other.
    static let namesLocalRecord = StoreError(
        .file(.invalid("its metadata names a record that isn't on the server yet; name the file there")))

    private func newID(of file: String?) throws -> String {
        let id = LocalID.make(number: try store.aliases.nextNumber(), random: store.environment.random)
        try store.aliases.add(id, table: FileTable.name, key: nil, file: file ?? id)
        return id
    }

    /// Puts other bytes in the place of those that wait, or that were lost with their row; the ids stay.
    ///
    /// - Throws: `LocalFileProblem`: `notHere` for a file that doesn't wait, `beingRegistered` for one whose bytes may be
    ///   on the server.
    package func replaceBytes(of name: String, with bytes: WrittenBytes) throws {
        try store.whole {
            if let lost = try lostFile(name) { try store.files.add(lost) }
            guard let file = try store.files.find(name), var upload = file.upload,
                var create = try lane(of: file).first(where: { $0.kind == .create })
            else { throw StoreError(.file(.notHere)) }
            guard upload.replaceBytes(inParts: bytes.size >= UploadParts.least) else {
                throw StoreError(.file(.beingRegistered))
            }
            try store.files.replaceBytes(of: file, with: bytes, upload)
            let key = RecordKey(FileTable.name, file.record)
            try store.changes.touch(key)
            create.fields[FileField.size] = .int(bytes.size)
            create.changedAt = max(create.changedAt, store.environment.now())
            try store.outbox.save(create)
            try store.lanes.rebuild(key, base: nil)
            try store.outbox.noteDecision()
        }
    }

    /// A file that waits and has no row any more, without bytes: its ids are in the id table.
    private func lostFile(_ name: String) throws -> StoredFile? {
        guard try store.files.find(name) == nil, let alias = try store.aliases.alias(name), let first = alias.file
        else { return nil }
        let ids = try store.aliases.ids(ofFile: first)
        guard ids.count == 3, let create = try store.outbox.lane(RecordKey(FileTable.name, first)).first,
            create.kind == .create
        else { return nil }
        // Without the row nobody knows what of it is on the server.
        if create.body != nil { throw StoreError(.file(.beingRegistered)) }
        return StoredFile(
            record: ids[0], key: ids[1], url: ids[2], bytes: "", size: 0, sha256: "", upload: Upload())
    }

    /// Deletes a file. One of which nothing can be on the server yet goes at once, and entries that name it fail as
    /// `dependencyDiscarded`; of another one the deletion is queued.
    ///
    /// - Throws: `LocalFileProblem.notHere`
    package func delete(_ name: String) throws {
        try store.whole {
            // A file that is known by its address alone has no id that the server could be asked to delete.
            guard let file = try store.files.find(name), !FileName.isAddress(file.record) else {
                throw StoreError(.file(.notHere))
            }
            let key = RecordKey(FileTable.name, file.record)
            let lane = try lane(of: file)
            if let create = lane.first(where: { $0.kind == .create }), create.body == nil || create.state == .failed {
                try store.rejecting.cancel(create)
                return try store.outbox.noteDecision()
            }
            if lane.contains(where: { $0.kind == .delete && $0.isLive }) { return }
            let now = try store.changes.now(key)
            if let now, lane.allSatisfy({ !$0.isLive }) { try store.documents.storeBase(now, of: key) }
            let before = try now.map { try DocumentReader.object($0) } ?? [:]
            _ = try store.outbox.append(
                .delete, key, before: before.filtered { field, _ in !store.writes.isReserved(field) })
            try store.changes.show(nil, at: key)
        }
    }

    private func lane(of file: StoredFile) throws -> [OutboxEntry] {
        try store.outbox.lane(RecordKey(FileTable.name, file.record))
    }

    // MARK: What comes from the server

    /// A file of the server's is here, with all its bytes.
    package func take(_ download: Download, _ bytes: DownloadedBytes) throws {
        guard let name = download.bytes else { return }
        // A public file that is known by its address alone has no other id here.
        let record =
            download.file ?? [
                SystemField.id.rawValue: .string(download.name), "url": .string(download.name),
                FileField.name: .string(
                    download.name.prefix { $0 != "?" }.split(separator: "/").last.map(String.init) ?? ""),
                FileField.type: .string(bytes.type ?? "application/octet-stream"), FileField.size: .int(bytes.size),
                FileField.visibility: "public",
            ]
        let id = record[SystemField.id.rawValue]?.stringValue ?? download.name
        if let url = download.file?["url"]?.stringValue { try store.downloads.noteOrigin(of: url) }
        // In memory there are no bytes. From the moment that they have their name a sweep could take them for what a kill
        // has left, until their row is there.
        if let folder = store.room?.folder, store.sweepHold == nil {
            try StoreFolder.make(folder.path)
            store.sweepHold = try SweepHold(folder)
        }
        guard let bytesName = try store.room.map({ try $0.folder.finish(download: name) }) ?? name else {
            // They are gone: they come again.
            var download = download
            download.reset()
            return try store.downloads.keep(download)
        }
        let file = StoredFile(
            record: id, key: (record["s3Key"] ?? record["key"])?.stringValue ?? id,
            url: record["url"]?.stringValue ?? id, bytes: bytesName, size: bytes.size, sha256: bytes.sha256, upload: nil
        )
        try store.downloads.complete(download.name, file)
        let key = RecordKey(FileTable.name, id)
        try store.changes.touch(key)
        if try store.changes.now(key) == nil { try store.changes.show(record.serialized(), at: key) }
    }

    /// How many more bytes of files that subscriptions keep may come, beside so many that are on their way. If the disk is
    /// full, files that the server has too and that nobody keeps make room.
    func roomForKept(besides underWay: Int64) throws -> Int64 {
        // In memory there are no bytes.
        guard let room = store.room else { return .max }
        let left = room.limits.kept - (try store.files.keptBytes()) - underWay
        if left <= 0 { return 0 }
        var free = room.left - underWay
        if free < Self.usualFile {
            var gone: [StoredFile] = []
            for file in try store.files.leastUsed(limit: 100)
            where free < Self.usualFile && room.folder.evict(file.bytes) {
                gone.append(file)
                free += file.size
            }
            try forget(gone)
        }
        return max(0, min(left, free))
    }

    /// How much room cached files make for others to come.
    private static let usualFile: Int64 = 16 << 20

    /// Forgets files whose bytes are gone: what they made room for was more important.
    package func forget(_ files: [StoredFile]) throws {
        for file in files where try store.files.file(file.record)?.upload == nil {
            try store.files.remove(file.record)
            try store.downloads.noteLost(file)
            if try lane(of: file).isEmpty { try store.changes.show(nil, at: RecordKey(FileTable.name, file.record)) }
        }
    }
}

extension StoreTransaction {
    /// What an app does with files.
    package var attaching: Attaching { Attaching(store: self) }
}
