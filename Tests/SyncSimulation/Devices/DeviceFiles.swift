import BkendSync
import Foundation
import Synchronization

/// A file that an app has attached, as the checker knows it.
struct Attachment {
    /// Tells it from all others; its name is made of it.
    let word: String
    /// The entry of the outbox.
    let entry: Int64
    /// The ids that it was given.
    let record: String
    let key: String
    let url: String
    /// The bytes, which a replacement changes.
    var bytes: Data
    /// Their digest.
    var sha256: String
    /// The files that the server has made of it, and whether each has other bytes. What a backup undid isn't among them.
    var made: [(id: String, isDamaged: Bool)] = []
    /// Files that the server has made of it and that a restored backup undid.
    var undone: Set<String> = []
    /// Why the server need not have it in the end.
    var excuse: String?
    /// Whether somebody has deleted its bytes on the device.
    var isLost = false
    /// Whether the app has taken it back, or deleted it, so that the server must not have it in the end.
    var isDeleted = false

    /// The app deletes it, or takes it back. Of what had stopped nobody can say whether the server has it.
    mutating func giveUp(in state: OutboxEntry.State?) {
        excuse = "deleted"
        isDeleted = state != .failed && state != .unresolved
    }
}

/// A device's files: a real folder, and what the app has attached.
final class DeviceFiles {
    /// The folder of the store's bytes.
    let folder: FileFolder
    /// What was attached, in order.
    var attachments: [Attachment] = []
    /// A file that the app holds open.
    var opened: (bytes: OpenedBytes, item: Attachment)?
    /// When the app last changed what is to be sent.
    var changedAt: Int64 = -1_000_000
    private let root: String
    private let isFull: Full

    /// Whether the disk is full.
    private final class Full: Sendable {
        let state = Mutex(false)
    }

    init() {
        // In memory where there is such a folder: no power fails here.
        let place = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        root = place + "/bkend-simulation-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let full = Full()
        isFull = full
        folder = FileFolder(root + "/files") { _ in full.state.withLock { $0 } ? 0 : 1 << 40 }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// The disk has no room for files, or has some.
    func setFull(_ isFull: Bool) { self.isFull.state.withLock { $0 = isFull } }

    /// The place of what an entry is about.
    func index(of entry: Int64) -> Int? { attachments.firstIndex { $0.entry == entry } }

    /// What lies under a name, nil for nothing.
    func bytes(_ name: String) -> Data? { try? Data(contentsOf: URL(fileURLWithPath: folder.file(name))) }

    /// The number of bytes under a name, nil for nothing.
    func size(_ name: String) -> Int64? {
        var status = stat()
        return stat(folder.file(name), &status) == 0 ? Int64(status.st_size) : nil
    }

    /// A file of the app's own, to attach.
    func original(_ bytes: Data) throws -> URL {
        let url = URL(fileURLWithPath: root + "/original")
        try bytes.write(to: url)
        return url
    }

    /// Deletes what lies under a name, as somebody does who tidies the disk.
    func delete(_ name: String) { unlink(folder.file(name)) }

    /// Leaves what a process leaves that is killed while it writes a file: half of it, or all of it before its row.
    func leave(_ name: String, isFinished: Bool) throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data("left".utf8).write(to: URL(fileURLWithPath: folder.file(name + (isFinished ? "" : ".part"))))
    }

    /// How many files lie in the folder, finished or not.
    var count: Int {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return names?.count { !$0.hasPrefix(".") } ?? 0
    }

    /// The placeholder of a file that stands in a text, nil for none.
    func placeholder(in text: String) -> String? {
        guard text.utf8.contains(0x7E) else { return nil }
        for item in attachments {
            for id in [item.record, item.key, item.url] where text.contains(id) { return id }
        }
        return nil
    }
}
