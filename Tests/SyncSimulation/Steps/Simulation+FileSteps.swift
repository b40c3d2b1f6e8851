import BkendSync
import BkendWire
import Foundation

/// What people do with files on devices.
extension Simulation {
    func performOnFiles(_ device: SimulatedDevice, _ kind: Step.Kind, _ random: inout SyncRandom) throws {
        guard let files = device.files, device.isUp else { return }
        switch kind {
        case .attach: _ = try attach(device, &random)
        case .attachNaming: try attachNaming(device, &random)
        case .nameFile: try nameFile(device, &random)
        case .replaceFile: try replaceFile(device, &random)
        case .sweepFiles: try world.sweep(device)
        case .leaveBytes:
            let isFinished = random.hits(0.5)
            let name = String(random.next(), radix: 16) + String(random.next(), radix: 16)
            world.note("d\(device.number) is killed while it writes a file")
            try files.leave(name, isFinished: isFinished)
            world.crash(device, restartAfter: Int64(random.number(1...20_000)))
        case .uploadNow: try world.tell(device, .uploadNow)
        case .evictFiles: try evict(device, files)
        case .takeOver:
            let users = plan.owners.filter { !$0.isEmpty }
            try world.takeOver(device, by: users.isEmpty ? "ann" : random.one(of: users))
        case .moveGuest:
            let users = world.devices.filter { $0.isUp && !$0.owner.isEmpty }
            if !users.isEmpty { try world.move(device, into: random.one(of: users)) }
        default:
            guard let item = attachment(device, &random) else { return }
            try perform(kind, on: item, files, device, &random)
        }
    }

    private func perform(
        _ kind: Step.Kind, on item: Attachment, _ files: DeviceFiles, _ device: SimulatedDevice,
        _ random: inout SyncRandom
    ) throws {
        switch kind {
        case .deleteFile: try world.deleteFile(item, on: device)
        case .replaceBytes:
            try world.replaceBytes(of: item, with: bytes("\(item.word)'", &random), on: device)
        case .openFile: try world.open(item, keeps: random.hits(0.5), on: device)
        case .editFile:
            let visibility: JSON = random.hits(0.5) ? "public" : "private"
            try world.act(device, "makes \(item.word) \(visibility)") {
                try $0.decisions.edit(item.entry, set: ["visibility": visibility])
            }
        case .loseBytes:
            guard let file = try device.store?.read({ try $0.files.find(item.record) }),
                let index = files.index(of: item.entry)
            else { return }
            world.note("d\(device.number): somebody deletes the bytes of \(item.word)")
            // Without an upload it is what a kill leaves that came while room was made.
            files.attachments[index].isLost = file.upload != nil
            files.delete(file.bytes)
        default: break
        }
    }

    private func evict(_ device: SimulatedDevice, _ files: DeviceFiles) throws {
        guard let store = device.store else { return }
        let limit = store.fileLimits.cached
        store.fileLimits.cached = 0
        defer { store.fileLimits.cached = limit }
        try world.actOnFiles(device, "makes room", telling: nil) { store, _ in
            let kept = try files.opened.flatMap { opened in try store.read { try $0.files.find(opened.item.record) } }
            let wasThere = kept.map { files.size($0.bytes) != nil } ?? false
            try store.evictFiles()
            if let kept, wasThere, files.size(kept.bytes) == nil {
                throw Violation(.bytesKept, "d\(device.number): \(kept.record) made room while it was open")
            }
            try world.checkOpened(device)
            guard planted.evictsWaiting else { return }
            for file in try store.read({ try $0.files.all() }) { files.delete(file.bytes) }
        }
    }

    // MARK: Attaching

    /// Mostly one of the newest: those are what is on its way.
    private func attachment(_ device: SimulatedDevice, _ random: inout SyncRandom) -> Attachment? {
        guard let items = device.files?.attachments.suffix(6), !items.isEmpty else { return nil }
        return random.one(of: Array(items))
    }

    private func bytes(_ word: String, _ random: inout SyncRandom) -> Data {
        let size = (plan.files?.hasLarge ?? false) && random.hits(0.1) ? (1 << 20) + 1 : random.number(1...200)
        return Data(String(repeating: "\(word) ", count: size / (word.utf8.count + 1) + 1).utf8.prefix(max(size, 12)))
    }

    @discardableResult
    private func attach(_ device: SimulatedDevice, _ random: inout SyncRandom) throws -> Attachment? {
        tags += 1
        let word = "f\(tags)"
        let bytes = bytes(word, &random)
        let name = random.hits(0.04) ? "\(word)." + String(repeating: "x", count: 260) : nil
        let visibility = random.hits(0.5) ? "public" : "private"
        let ids = try world.attach(
            word, bytes, visibility: visibility, name: name, fromFile: random.hits(0.3), on: device)
        return ids == nil ? nil : device.files?.attachments.last
    }

    /// A file in a record: as a value, as an object's key, or in a text.
    private func name(_ item: Attachment, in fields: inout JSONObject, _ random: inout SyncRandom) {
        let choice = random.number(0...5)
        if choice == 0 || choice == 5 { fields["cover"] = .string(item.record) }
        if choice == 1 || choice == 5 { fields["coverKey"] = .string(item.key) }
        if choice == 2 { fields["coverURL"] = .string(item.url) }
        if choice == 3 { fields["files"] = .object([item.record: .int(1)]) }
        if choice >= 4 { fields["text"] = .string("\(item.word) \(item.record) \(item.key) \(item.url)") }
    }

    /// Attaches a file, and creates or changes a record that names it.
    private func attachNaming(_ device: SimulatedDevice, _ random: inout SyncRandom) throws {
        guard let item = try attach(device, &random) else { return }
        if random.hits(0.6) {
            var fields = fields("notes", device, &random, naming: false)
            name(item, in: &fields, &random)
            let id = try world.act(device, "creates notes \(fields)") {
                try world.create("notes", fields, on: device, in: $0)
            }
            if let id { device.remembered.append(RecordKey("notes", id)) }
        } else {
            try set(item, in: note(device, &random), on: device, &random)
        }
    }

    private func note(_ device: SimulatedDevice, _ random: inout SyncRandom) -> RecordKey? {
        let keys = device.observer.keys.filter { $0.table == "notes" }.suffix(8)
        return keys.isEmpty ? nil : random.one(of: Array(keys))
    }

    private func nameFile(_ device: SimulatedDevice, _ random: inout SyncRandom) throws {
        guard let item = attachment(device, &random) else { return }
        try set(item, in: note(device, &random), on: device, &random)
    }

    private func set(
        _ item: Attachment, in key: RecordKey?, on device: SimulatedDevice, _ random: inout SyncRandom
    ) throws {
        guard let key else { return }
        var fields = JSONObject()
        name(item, in: &fields, &random)
        try world.act(device, "names \(item.word) in \(key.id) \(fields)") {
            try world.update(key, fields, on: device, in: $0)
        }
    }

    /// A record that names a file names another one.
    private func replaceFile(_ device: SimulatedDevice, _ random: inout SyncRandom) throws {
        let keys = device.observer.keys.filter { key in
            key.table == "notes" && ["cover", "coverKey", "text"].contains { device.observer.shown[key]?[$0] != nil }
        }
        guard !keys.isEmpty else { return }
        let key = random.one(of: keys)
        guard let shown = device.observer.shown[key], let item = try attach(device, &random) else { return }
        var fields = JSONObject()
        if shown["cover"] != nil { fields["cover"] = .string(item.record) }
        if shown["coverKey"] != nil { fields["coverKey"] = .string(item.key) }
        if shown["text"] != nil {
            fields["text"] = .string("\(item.word) \(item.record) \(item.key) \(item.url)")
        }
        try world.act(device, "puts \(item.word) into \(key.id) \(fields)") {
            try world.update(key, fields, on: device, in: $0)
        }
    }

    // MARK: Deciding

    /// Retries, mends or discards a file.
    func decideOnFile(
        _ device: SimulatedDevice, _ entry: OutboxEntry, _ kind: Step.Kind, _ random: inout SyncRandom
    ) throws {
        let index = device.files?.index(of: entry.sequence)
        let isDone = try world.act(device, "\(kind.rawValue)s the file's entry \(entry.sequence)") { transaction in
            switch kind {
            case .discard: try transaction.decisions.discard(entry.sequence)
            case .edit where entry.kind == .create:
                let word = index.flatMap { device.files?.attachments[$0].word } ?? "f"
                try transaction.decisions.edit(entry.sequence, set: ["originalName": .string("\(word).edited.png")])
            case .edit: break
            default: try transaction.decisions.retry(entry.sequence)
            }
            return true
        }
        guard isDone == true, kind == .discard else { return }
        if let index { device.files?.attachments[index].giveUp(in: entry.state) }
        if entry.kind == .delete, let items = device.files?.attachments {
            // It stays after all.
            for (index, item) in items.enumerated() where item.made.contains(where: { $0.id == entry.record }) {
                device.files?.attachments[index].isDeleted = false
            }
        }
    }

    // MARK: The server

    func performOnServersFiles(_ kind: Step.Kind, _ random: inout SyncRandom) throws {
        switch kind {
        case .remoteFile:
            tags += 1
            let user = random.one(of: plan.owners + ["eve"])
            world.note("server: \(user)'s other client uploads f\(tags)")
            world.server.addFile(
                named: "f\(tags).png", by: user, at: world.now, node: random.number(0...9))
        case .remoteDeleteFile:
            let rows = Array(world.server.files.rows.suffix(5))
            if rows.isEmpty { return }
            let row = random.one(of: rows)
            world.note("server: another deletes the file \(row.id)")
            world.server.removeFile(row, at: world.now)
            world.noteDeletedElsewhere(row.id)
        case .sweepKeys: world.note("server: closes \(world.server.sweepKeys(at: world.now))")
        case .filesOff: world.server.files.isServed.toggle()
        default: world.strangerWaits = true
        }
    }
}
