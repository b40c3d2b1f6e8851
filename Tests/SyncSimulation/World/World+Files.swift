import BkendSync
import BkendWire
import Foundation
import GRDB

/// What an app does with files, checked at once.
extension World {
    /// What an app does that needs more than one transaction; a refusal of the store is the app's to bear.
    @discardableResult
    func actOnFiles<Result>(
        _ device: SimulatedDevice, _ what: String, telling event: EngineEvent? = .localWrite,
        _ body: (StoreDatabase, DeviceFiles) throws -> Result
    ) throws -> Result? {
        guard let store = device.store, let files = device.files, device.isUp else { return nil }
        device.environment.advance(to: now)
        var result: Result?
        do {
            result = try body(store, files)
            note("d\(device.number) app: \(what)")
            files.changedAt = now
            if !device.isFull { try planted.afterWrite(device) }
        } catch let error as StoreError {
            note("d\(device.number) app: \(what) refused: \(error)")
        } catch let error as DatabaseError where device.isFull && error.resultCode == .SQLITE_FULL {
            note("d\(device.number) app: \(what) failed: \(error.resultCode)")
        }
        try inspect(device, after: .app)
        try checkBytes(device)
        if result != nil, let event { try tell(device, event) }
        return result
    }

    /// Attaches a file; nil where the store refused it.
    ///
    /// - Parameter fromFile: whether the bytes are those of a file, to which the app writes something else right after.
    package func attach(
        _ word: String, _ bytes: Data, visibility: String = "private", name: String? = nil, fromFile: Bool = false,
        on device: SimulatedDevice
    ) throws -> (record: String, key: String, url: String)? {
        let fields: JSONObject = [
            "originalName": .string(name ?? "\(word).png"), "mimeType": "image/png", "visibility": .string(visibility),
        ]
        let file = try actOnFiles(device, "attaches \(word), \(bytes.count) bytes, \(visibility)") { store, files in
            let original = fromFile ? try files.original(bytes) : nil
            let file = try store.attach(original.map { .file($0) } ?? .data(bytes), fields)
            if let original { try Data("another".utf8).write(to: original) }
            let entry = try store.read { try $0.outbox.entries(of: ServerFiles.table, file.record).last }
            guard let entry, entry.kind == .create else {
                throw Violation(.nothingLost, "d\(device.number): attaching \(word) left no entry")
            }
            files.attachments.append(
                Attachment(
                    word: word, entry: entry.sequence, record: file.record, key: file.key, url: file.url, bytes: bytes,
                    sha256: file.sha256))
            device.localIDs.insert(file.record)
            return file
        }
        return file.map { ($0.record, $0.key, $0.url) }
    }

    /// Deletes a file that was attached.
    func deleteFile(_ item: Attachment, on device: SimulatedDevice) throws {
        try actOnFiles(device, "deletes the file \(item.word)") { store, files in
            let state = try store.read { try $0.outbox.entry(item.entry)?.state }
            try store.write { try $0.attaching.delete(item.key) }
            if let index = files.index(of: item.entry) { files.attachments[index].giveUp(in: state) }
        }
    }

    /// Puts other bytes in the place of a file's.
    func replaceBytes(of item: Attachment, with bytes: Data, on device: SimulatedDevice) throws {
        try actOnFiles(device, "gives \(item.word) other bytes, \(bytes.count) of them") { store, files in
            try store.replaceBytes(of: item.url, with: .data(bytes))
            guard let index = files.index(of: item.entry),
                let file = try store.read({ try $0.files.find(item.record) })
            else { return }
            files.attachments[index].bytes = bytes
            files.attachments[index].sha256 = file.sha256
            files.attachments[index].isLost = false
        }
    }

    /// Opens a file and compares its bytes with what was attached.
    ///
    /// - Parameter keeps: whether it stays open.
    func open(_ item: Attachment, keeps: Bool, on device: SimulatedDevice) throws {
        try actOnFiles(device, "opens \(item.word)", telling: nil) { store, files in
            let (file, bytes) = try store.openFile(item.record)
            if try bytes.data() != item.bytes {
                throw Violation(.bytesKept, "d\(device.number): \(item.word) (\(file.record)) has other bytes here")
            }
            files.opened = keeps ? (bytes, item) : nil
        }
    }

    /// Bytes that somebody reads don't make room.
    func checkOpened(_ device: SimulatedDevice) throws {
        guard let (bytes, item) = device.files?.opened, !item.isLost else { return }
        if try bytes.data() != item.bytes {
            throw Violation(.bytesKept, "d\(device.number): \(item.word) changed while it was open")
        }
    }

    /// What is wrong with the bytes that are to be sent; nil for nothing. They are only if somebody has deleted them.
    func flaw(of put: BytesPut, _ entries: [Int64], on device: SimulatedDevice) throws -> String? {
        guard let files = device.files, let entry = entries.first, let index = files.index(of: entry) else {
            throw Violation(.bytesKept, "d\(device.number): bytes are sent that nobody has attached")
        }
        let item = files.attachments[index]
        // They were replaced between the decision and the sending.
        if put.sha256 != item.sha256, isUnsettled(device) { return "the bytes were replaced" }
        let bytes = files.bytes(put.name)
        if bytes == item.bytes, put.sha256 == item.sha256, put.size == Int64(item.bytes.count) { return nil }
        // It was discarded or adopted meanwhile.
        if bytes == nil, isUnsettled(device) { return "the bytes are gone" }
        if item.isLost { return "somebody has deleted the bytes" }
        throw Violation(
            .bytesKept, "d\(device.number): the bytes of \(item.word) are \(bytes == nil ? "gone" : "others")")
    }

    /// Whether the app has changed something about files that the engine may not know of while it carries out what it
    /// decided before.
    func isUnsettled(_ device: SimulatedDevice) -> Bool {
        guard let files = device.files else { return false }
        return slowestCommit > 0 && now - files.changedAt <= slowestCommit
    }

    /// Looks for bytes that no row names.
    func sweep(_ device: SimulatedDevice) throws {
        guard let store = device.store, let files = device.files else { return }
        let aside = try store.sweepFiles()
        let rows = try store.read { try $0.files.all().count }
        note("d\(device.number) sweeps; \(rows) files")
        if aside > 0 || files.count > rows {
            throw Violation(.broken, "d\(device.number): a sweep left \(files.count) files for \(rows) rows")
        }
        try checkBytes(device)
    }

    /// Somebody who has seen a file's key registers it before its owner does.
    func registerStrangely(_ put: BytesPut) throws {
        guard let key = ServerFiles.key(ofAddress: put.url), let upload = server.files.upload(key) else { return }
        strangerWaits = false
        if !server.users.contains("mallory") { server.users.append("mallory") }
        let token = server.sessions.signIn("mallory", at: now).access
        let body: JSONObject = ["s3Key": .string(key), "originalName": "mine.png", "mimeType": "image/png"]
        let answer = server.answer(ServerCall(.register, body: body.serialized(), token: token), at: now)
        note("  (mallory registers \(key): \(answer.status))")
        let log = server.log
        server.log = []
        for write in log where write.user != upload.user {
            throw Violation(.nobodyElse, "\(upload.user)'s key \(key) is registered as \(write.user)'s")
        }
    }

    /// A guest's store becomes a user's.
    func takeOver(_ device: SimulatedDevice, by user: String) throws {
        guard device.owner.isEmpty, device.isUp else { return }
        let isTaken = try act(device, "is taken over by \(user)", telling: nil) { transaction in
            try transaction.ownership.takeOver(by: user)
            return true
        }
        guard isTaken == true else { return }
        device.owner = user
        device.takenOverAt = now
        device.observer.subscriptionsChanged = now
        signIn(device)
        try tell(device, .sessionChanged(user: user))
    }
}
