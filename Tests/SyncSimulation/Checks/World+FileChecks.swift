import BkendDocuments
import BkendSync
import BkendWire

/// What is checked of files: on the device, when a request leaves, when the server acts, and in the end.
extension World {
    // MARK: On the device

    /// Every file that waits has its bytes, and every attachment that is to be sent its row.
    func checkBytes(_ device: SimulatedDevice) throws { try device.store?.read { try checkBytes(device, $0) } }

    /// The same in a snapshot.
    func checkBytes(_ device: SimulatedDevice, _ snapshot: StoreSnapshot) throws {
        guard let files = device.files, !files.attachments.isEmpty else { return }
        let rows = try snapshot.files.all()
        for file in rows where file.upload != nil {
            let item = files.attachments.first { $0.record == file.record }
            if item?.isLost ?? false { continue }
            if files.size(file.bytes) != file.size {
                let word = item?.word ?? file.record
                throw Violation(.bytesKept, "d\(device.number): the bytes of \(word), which waits, are gone")
            }
        }
        for entry in device.observer.entries.values where entry.table == ServerFiles.table && entry.kind == .create {
            if !rows.contains(where: { $0.record == entry.record }) {
                throw Violation(.bytesKept, "d\(device.number): the file \(entry.record) waits and has no row")
            }
        }
    }

    // MARK: Requests

    /// A step of an upload is stored before it leaves.
    func checkUpload(_ request: SyncRequest, from device: SimulatedDevice) throws {
        guard request.operation.changesFiles, let number = request.entries.first, device.files != nil,
            let store = device.store
        else { return }
        let place = "d\(device.number) \(Trace.text(request))"
        guard let entry = try store.read({ try $0.outbox.entry(number) }) else {
            if isUnsettled(device) { return }
            throw Violation(.nothingLost, "\(place): sent, but its entry isn't in the outbox")
        }
        if entry.user != device.session.user {
            throw Violation(.nobodyElse, "\(place): the entry is \(entry.user)'s")
        }
        if isUnsettled(device) { return }
        if entry.kind == .delete {
            if case .deleteFile(let id) = request.operation, id != entry.record {
                throw Violation(.broken, "\(place): it deletes another file than \(entry.record)")
            }
            if try store.read({ try isHeldUp(entry, $0) }) {
                throw Violation(.order, "\(place): deleted before what names it was sent")
            }
            return
        }
        guard let file = try store.read({ try $0.files.find(entry.record) }), let upload = file.upload else {
            throw Violation(.bytesKept, "\(place): the file has no row")
        }
        guard isStored(request.operation, request.body, upload, entry) else {
            throw Violation(.oneFile, "\(place): sent before it was stored; \(upload.step)")
        }
        if case .put = request.operation, let key = upload.key, let issued = server.files.upload(key.key) {
            let wanted = entry.fields["visibility"]?.stringValue
            if issued.visibility != wanted {
                throw Violation(
                    .nobodyElse,
                    "\(place): the bytes are \(issued.visibility) as soon as they are there, wanted is \(wanted ?? "")")
            }
        }
    }

    private func isStored(
        _ operation: SyncRequest.Operation, _ body: [UInt8]?, _ upload: Upload, _ entry: OutboxEntry
    ) -> Bool {
        switch (operation, upload.request) {
        case (.presign, .presign): return true
        case (.put(let put), .put(let key)): return put.url == key.url
        case (.register, .register(let key)):
            let named = body.flatMap { try? JSON(parsing: $0) }?["s3Key"]?.stringValue
            return named == key.key && upload.isMarked && entry.body != nil
        case (.deleteFile(let id), .delete(let surplus)): return id == surplus
        default: return false
        }
    }

    /// The placeholder of a file that a body names, nil for none.
    func placeholder(in body: JSONObject, of device: SimulatedDevice) -> String? {
        guard let files = device.files, !files.attachments.isEmpty else { return nil }
        var found: String?
        _ = JSON.object(body).firstString { text in
            found = files.placeholder(in: text)
            return found != nil
        }
        return found
    }

    // MARK: The server

    /// A record that the server has taken names only files that it has registered.
    func checkFilesFirst(_ body: [UInt8]?, _ place: String) throws {
        guard let body, server.files.restores == 0, !server.files.uploads.isEmpty else { return }
        let text = String(decoding: body, as: UTF8.self)
        for upload in server.files.uploads where server.files.names[upload.key] == nil {
            if text.contains(upload.key) || text.contains(upload.fileID) {
                throw Violation(.fileFirst, "\(place): it names \(upload.key), which isn't registered")
            }
        }
    }

    /// A registration: the file is one device's, and the only one of its attachment.
    func checkRegistration(_ write: ServerWrite, _ origin: WriteOrigin, _ place: String) throws {
        guard let row = server.files.row(write.id), let key = row.document["s3Key"]?.stringValue,
            let upload = server.files.upload(key), let bytes = upload.bytes
        else { throw Violation(.rowsWithBytes, "\(place): registered without bytes") }
        if upload.user != write.user {
            throw Violation(.nobodyElse, "\(place): \(upload.user)'s key is registered as \(write.user)'s")
        }
        guard let number = origin.entries.first, let files = devices[origin.device].files,
            let index = files.index(of: number)
        else { return }
        let item = files.attachments[index]
        registered += 1
        let isDamaged = bytes.sha256 != item.sha256
        files.attachments[index].made.append((write.id, isDamaged))
        // Nobody can give a key up for good that a backup opens again.
        if server.files.reopened.contains(key) { files.attachments[index].excuse = "a backup opened its key again" }
        // Where records show the digest, a file with other bytes is deleted again.
        let made = files.attachments[index].made.count { !server.files.options.saysDigest || !$0.isDamaged }
        if made > 1, !item.isReopened {
            throw Violation(
                .oneFile, "\(place): \(item.word) is registered a second time, before as \(item.made.map(\.id))")
        }
    }

    /// Notes which files a restored backup has undone.
    func noteRestored() {
        for device in devices {
            guard let files = device.files else { continue }
            for index in files.attachments.indices {
                let gone = files.attachments[index].made.filter { server.files.row($0.id) == nil }
                files.attachments[index].made.removeAll { made in gone.contains { $0.id == made.id } }
                files.attachments[index].undone.formUnion(gone.map(\.id))
            }
        }
    }

    /// Notes that somebody has deleted a file on the server.
    func noteDeletedElsewhere(_ id: String) {
        for device in devices {
            guard let files = device.files,
                let index = files.attachments.firstIndex(where: { item in item.made.contains { $0.id == id } })
            else { continue }
            files.attachments[index].excuse = "deleted on the server"
        }
    }
}

extension Attachment {
    /// Whether a backup has opened a key of it that had been given up.
    var isReopened: Bool { excuse == "a backup opened its key again" }
}
