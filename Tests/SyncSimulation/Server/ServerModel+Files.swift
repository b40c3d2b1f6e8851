import BkendSync
import BkendWire

/// The routes of files, and the storage.
extension ServerModel {
    /// Answers a question about files; nil for one about records.
    mutating func filesReply(to call: ServerCall, _ caller: Caller, at now: Int64, node: Int) -> SyncAnswer? {
        switch call.operation {
        case .list, .record, .create, .update, .delete, .spec, .me, .put: return nil
        case .presign, .register, .file, .files, .deleteFile: break
        // Simulated files are small, and no simulated subscription keeps any.
        case .fileAddress, .get, .multipart: return Self.noRoute
        }
        guard files.isServed else { return Self.noRoute }
        if caller.isGuest { return .error(401, "common/authentication-required", "sign in first") }
        switch call.operation {
        case .presign: return presign(call, caller, at: now, node: node)
        case .register: return register(call, caller, at: now, node: node)
        case .file(let id): return file(id, caller)
        case .files(let items): return listFiles(items, caller)
        case .deleteFile(let id): return deleteFile(id, call.origin, caller, at: now)
        default: return nil
        }
    }

    private static let noRoute = SyncAnswer.error(404, ErrorCode.routeNotFound.rawValue, "there is no such route")

    // MARK: Keys

    private mutating func presign(_ call: ServerCall, _ caller: Caller, at now: Int64, node: Int) -> SyncAnswer {
        guard let json = try? JSON(parsing: call.body ?? []), let name = json["filename"]?.stringValue, !name.isEmpty,
            name.utf8.count <= 255
        else { return .error(400, "file/invalid-name", "the name is missing or too long") }
        let type = json["contentType"]?.stringValue ?? ""
        let moment = time(now, node: node)
        let id = makeID(at: moment, node: node)
        let key = "images/00000000\(makeID(at: moment, node: node))/\(name)"
        // Of a picture without a visibility published clients show the address to everyone (rest-api.md §13).
        let usual = type.hasPrefix("image/") ? "public" : "private"
        let end = moment.milliseconds + files.options.life
        files.issue(
            ServerFiles.Upload(
                key: key, fileID: id, user: caller.user, visibility: json["visibility"]?.stringValue ?? usual,
                end: end, issued: now))
        var answer: JSONObject = [
            "url": .string(ServerFiles.address(of: key) + "?signature=\(end)"), "key": .string(key),
            "filename": .string(name), "contentType": .string(type),
        ]
        if files.options.saysFileID { answer["fileId"] = .string(id) }
        if files.options.saysEnd { answer["expiresAt"] = .string(Timestamp(clamping: end).description) }
        if files.options.takesDigest { answer["digest"] = true }
        return .json(200, answer)
    }

    /// Bytes have arrived as a whole. Whether their address is good was looked at when they began to come.
    ///
    /// - Parameters:
    ///   - areDamaged: whether others arrived than were sent.
    ///   - began: when they began to come.
    mutating func put(_ put: BytesPut, areDamaged: Bool, began: Int64, node: Int) -> SyncAnswer {
        guard !refusesKey, let key = ServerFiles.key(ofAddress: put.url), let upload = files.upload(key),
            time(began, node: node).milliseconds < upload.end
        else { return .error(403, "file/invalid-address", "the address isn't good") }
        if areDamaged, put.sendsDigest {
            return .error(400, "file/digest-mismatch", "the bytes aren't those of the digest")
        }
        let bytes = ServerFiles.Bytes(sha256: areDamaged ? "damaged \(put.sha256)" : put.sha256, size: put.size)
        switch upload.state {
        case .closed: return .error(403, "file/invalid-address", "the address isn't good any more")
        case .registered where files.faults.contains(.replacesRegistered): break
        case .registered where upload.bytes == bytes: break
        case .registered, .deleted: return .error(409, "file/s3-key-already-exists", "the key is registered")
        case .issued, .stored: files.change(key) { $0.state = .stored }
        }
        files.change(key) { $0.bytes = bytes }
        return SyncAnswer(status: 200, isJSON: false, tag: "\"\(bytes.sha256)\"")
    }

    private mutating func register(_ call: ServerCall, _ caller: Caller, at now: Int64, node: Int) -> SyncAnswer {
        guard let json = try? JSON(parsing: call.body ?? []), let fields = json.objectValue,
            let key = fields["s3Key"]?.stringValue, let upload = files.upload(key)
        else { return .error(400, "file/invalid-path", "the key was never issued") }
        if upload.user != caller.user, !files.faults.contains(.registersAnyones) {
            return .error(403, "file/access-denied", "the key is another's")
        }
        switch upload.state {
        case .registered, .deleted: return .error(409, "file/s3-key-already-exists", "the key is registered")
        case .closed: return .error(400, "file/invalid-path", "the key has lapsed")
        case .issued, .stored: break
        }
        guard let bytes = upload.bytes else {
            if time(now, node: node).milliseconds < upload.end {
                return .error(404, "file/not-found", "nothing was stored")
            }
            if files.faults.contains(.refusalClosesNothing) {
                return .error(404, "file/not-found", "nothing was stored")
            }
            // From now on nothing can come of the key any more: a client may give it up.
            files.change(key) { $0.state = .closed }
            return .error(400, "file/invalid-path", "the key has lapsed")
        }
        let row = fileRow(upload, bytes, fields, caller, at: time(now, node: node))
        files.change(key) { $0.state = .registered }
        files.add(row, key: key, address: ServerFiles.address(of: key))
        history.note(row, in: ServerFiles.table, at: now)
        log.append(
            ServerWrite(
                origin: call.origin, table: ServerFiles.table, id: row.id, kind: .create, user: caller.user))
        return SyncAnswer(status: 201, body: row.text)
    }

    private func fileRow(
        _ upload: ServerFiles.Upload, _ bytes: ServerFiles.Bytes, _ fields: JSONObject, _ caller: Caller,
        at moment: Timestamp
    ) -> StoredRow {
        let visibility = fields["visibility"]?.stringValue ?? upload.visibility
        var document: JSONObject = [
            "id": .string(upload.fileID), "s3Key": .string(upload.key), "key": .string(upload.key),
            "originalName": fields["originalName"] ?? "", "mimeType": fields["mimeType"] ?? "",
            "size": .int(bytes.size), "visibility": .string(visibility), "ownerId": .string(caller.user),
            "ownerType": "user", "createdAt": .string(moment.description), "updatedAt": .string(moment.description),
        ]
        if files.options.saysAddress {
            document["url"] = .string(
                visibility == "public"
                    ? ServerFiles.address(of: upload.key) : "https://api.test/v1/files/\(upload.fileID)/download")
        }
        if files.options.saysDigest { document["sha256"] = .string(bytes.sha256) }
        return StoredRow(document)
    }

    // MARK: Records of files

    private func mayRead(_ row: StoredRow, _ caller: Caller) -> Bool {
        row.document["ownerId"]?.stringValue == caller.user || row.document["visibility"] == "public"
    }

    private func file(_ id: String, _ caller: Caller) -> SyncAnswer {
        guard let row = files.row(id) else { return .error(404, "file/not-found", "there is no file \(id)") }
        guard mayRead(row, caller) else { return .error(403, "file/access-denied", "the file is another's") }
        return SyncAnswer(status: 200, body: row.text)
    }

    private func listFiles(_ items: [QueryItem], _ caller: Caller) -> SyncAnswer {
        func number(_ name: String) -> Int { items.first { $0.name == name }.flatMap { Int($0.value) } ?? 1 }
        guard items.contains(QueryItem("sortBy", "createdAt")), items.contains(QueryItem("sortDirection", "desc"))
        else {
            return .error(400, "data/validation-error", "the server model sorts files by createdAt only")
        }
        let shown = files.rows.enumerated().filter { mayRead($0.element, caller) }.sorted { a, b in
            let (first, second) = (a.element.document["createdAt"], b.element.document["createdAt"])
            if let first = first?.stringValue, let second = second?.stringValue, first != second {
                return second.precedesInBytes(first)
            }
            return a.offset > b.offset
        }
        let limit = min(number("limit"), files.options.pageLimit)
        let start = min((number("page") - 1) * limit, shown.count)
        let end = min(start + limit, shown.count)
        let pages = (shown.count + limit - 1) / limit
        return .json(
            shown[start..<end].map(\.element.text),
            pagination: [
                "total": .int(Int64(shown.count)), "page": .int(Int64(number("page"))), "limit": .int(Int64(limit)),
                "totalPages": .int(Int64(pages)), "hasNext": .bool(end < shown.count), "hasPrev": .bool(start > 0),
            ])
    }

    private mutating func deleteFile(
        _ id: String, _ origin: WriteOrigin?, _ caller: Caller, at now: Int64
    ) -> SyncAnswer {
        guard let row = files.row(id) else { return .error(404, "file/not-found", "there is no file \(id)") }
        guard row.document["ownerId"]?.stringValue == caller.user else {
            return .error(403, "file/access-denied", "the file is another's")
        }
        removeFile(row, at: now)
        log.append(
            ServerWrite(origin: origin, table: ServerFiles.table, id: id, kind: .delete, user: caller.user))
        return .json(200, ["success": true])
    }

    /// Deletes a file. Its key stays for ever.
    mutating func removeFile(_ row: StoredRow, at now: Int64) {
        files.remove(row.id)
        let forgets = files.faults.contains(.forgetsDeleted)
        files.change(row.document["s3Key"]?.stringValue ?? "") { upload in
            upload.state = forgets ? .issued : .deleted
            upload.bytes = nil
        }
        history.noteDeletion(ServerFiles.table, row.id, at: now)
    }

    // MARK: What others do

    /// Another client of a user's uploads a file, all at once.
    mutating func addFile(named name: String, by user: String, at now: Int64, node: Int) {
        let moment = time(now, node: node)
        let key = "images/00000000\(makeID(at: moment, node: node))/\(name)"
        let upload = ServerFiles.Upload(
            key: key, fileID: makeID(at: moment, node: node), user: user, visibility: "public",
            end: moment.milliseconds, issued: now, state: .registered,
            bytes: ServerFiles.Bytes(sha256: name, size: 1))
        let row = fileRow(
            upload, ServerFiles.Bytes(sha256: name, size: 1), ["originalName": .string(name), "mimeType": "image/png"],
            Caller(user: user), at: moment)
        files.issue(upload)
        files.add(row, key: key, address: ServerFiles.address(of: key))
        history.note(row, in: ServerFiles.table, at: now)
    }

    /// Closes the keys that nobody has registered and whose addresses have ended; which they were.
    mutating func sweepKeys(at now: Int64) -> [String] {
        let date = time(now, node: 0).milliseconds
        let lapsed = files.uploads.filter { [.issued, .stored].contains($0.state) && $0.end + 60_000 < date }
        for upload in lapsed {
            files.change(upload.key) { ($0.state, $0.bytes) = (.closed, nil) }
        }
        return lapsed.map(\.key)
    }
}

/// An earlier state of the server.
package struct ServerBackup: Sendable {
    let tables: [ServerTable]
    let files: ServerFiles
}

extension ServerModel {
    /// The present state, to go back to.
    package var backup: ServerBackup { ServerBackup(tables: tables, files: files) }

    /// Goes back to an earlier state, of files as well.
    package mutating func restore(_ backup: ServerBackup, at now: Int64) {
        restore(backup.tables, at: now)
        let before = files
        files.restore(backup.files)
        for row in files.rows where before.row(row.id) == nil {
            history.note(row, in: ServerFiles.table, at: now, isRestored: true)
        }
        for row in before.rows where files.row(row.id) == nil {
            history.noteDeletion(ServerFiles.table, row.id, at: now, isRestored: true)
        }
    }
}
