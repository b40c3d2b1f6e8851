import BkendDocuments
import BkendSync
import BkendWire
import ChildProcesses
import Foundation
import Synchronization
import Testing

/// The lock between processes is held over every write and its checkpoint (see `DocumentStorage`): SQLite's own locks
/// don't keep the WAL-reset bug away.
@Suite(.timeLimit(.minutes(10))) struct WriterLockTests {
    @Test("A write waits while another process holds the store's lock")
    func writing() throws {
        try withFolder { path in
            let store = try StoreDatabase.open(path: path, owner: "ann")
            _ = try store.write { try $0.writes.create("notes", ["number": 1]) }
            let other = try Holder(path + ".lock")
            let write = Background { _ = try store.write { try $0.writes.create("notes", ["number": 2]) } }
            // Either the kernel lists it as waiting for the lock, or it wrote without.
            while !other.isWaitedFor, !write.isOver { usleep(1_000) }
            #expect(!write.isOver)
            #expect(try store.read { try $0.outbox.entryCount() } == 1, "a read waits for nobody")
            other.release()
            try write.wait()
            #expect(try store.read { try $0.outbox.entryCount() } == 2)
        }
    }

    @Test("A new store is made under the lock")
    func opening() throws {
        try withFolder { path in
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let other = try Holder(path + ".lock")
            let opening = Background { _ = try StoreDatabase.open(path: path, owner: "ann") }
            while !other.isWaitedFor, !opening.isOver { usleep(1_000) }
            #expect(!opening.isOver)
            #expect(!FileManager.default.fileExists(atPath: path))
            other.release()
            try opening.wait()
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(path: "notes.sqlite").path)
    }
}

/// Holds a file's lock as another process would: each opening of the file has a lock of its own.
private final class Holder {
    private let descriptor: Int32
    private let inode: UInt

    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        var status = stat()
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0 else {
            throw ChildProcess.Failure(what: "can't lock \(path): \(errno)")
        }
        inode = UInt(status.st_ino)
    }

    deinit { release() }

    /// Whether the kernel lists somebody who waits for the lock: a line with an arrow (proc_locks(5)).
    var isWaitedFor: Bool {
        let handle = FileHandle(forReadingAtPath: "/proc/locks")
        let text = String(decoding: (try? handle?.readToEnd()) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").contains { $0.contains("->") && $0.contains(":\(inode) ") }
    }

    func release() { flock(descriptor, LOCK_UN) }
}

/// Blocking work on a thread of its own.
private final class Background: Sendable {
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    init(_ work: @escaping @Sendable () throws -> Void) {
        Thread.detachNewThread {
            let result = Result { try work() }
            self.outcome.withLock { $0 = result }
        }
    }

    var isOver: Bool { outcome.withLock { $0 != nil } }

    func wait() throws {
        while !isOver { usleep(1_000) }
        try outcome.withLock { $0 }?.get()
    }
}
