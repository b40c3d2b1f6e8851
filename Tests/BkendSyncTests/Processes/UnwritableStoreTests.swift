import BkendWire
import ChildProcesses
import Foundation
import Testing

@testable import BkendSync

/// Opening a store where nothing can be written: a full disk, a read-only folder, a process that is stopped in a write.
@Suite(.timeLimit(.minutes(10))) struct UnwritableStoreTests {
    /// An app's folder with Ann's store, closed or as a killed process leaves it.
    private func run(isClosed: Bool = true, _ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let store = try open(folder)
            for index in 0..<3 { _ = try store.write { try $0.writes.create("notes", ["n": .int(Int64(index))]) } }
            try StoreLocation.find(root: folder, name: "main", owner: "ann").noteLatest()
            if !isClosed {
                try FileManager.default.copyItem(atPath: folder, toPath: folder + ".kept")
            }
        }
        if !isClosed {
            try FileManager.default.removeItem(atPath: folder)
            try FileManager.default.moveItem(atPath: folder + ".kept", toPath: folder)
        }
        try await body(folder)
    }

    private func open(_ root: String) throws -> StoreDatabase {
        let place = try StoreLocation.find(root: root, name: "main", owner: "ann")
        return try StoreDatabase.open(path: place.path, owner: "ann")
    }

    private func count(_ store: StoreDatabase) throws -> Int { try store.read { try $0.outbox.entryCount() } }

    /// What a child tells. Holds no thread of the tests.
    private func lines(_ arguments: String...) async throws -> [String] {
        try await Self.elsewhere {
            var child = try ChildProcess(ChildProcess.built("OpeningProcess"), arguments)
            var all: [String] = []
            while let lines = child.lines() { all += lines }
            #expect(child.reap() == 0)
            return all
        }
    }

    private static func elsewhere<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }

    @Test(
        "On a full disk and in a read-only folder a store opens and is read, says so, refuses writes, and goes on later",
        arguments: ["full", "readonly"], [true, false])
    func withoutRoom(disk: String, isClosed: Bool) async throws {
        try await run(isClosed: isClosed) { root in
            let told = try await lines(disk, root)
            #expect(told.count == 6, "\(told)")
            guard told.count == 6 else { return }
            #expect(told[...3] == ["3", "refused", "refused", "3"] && told[4].hasPrefix("readOnly("), "\(told)")
            #expect(told[5].hasPrefix("4 ") && !told[5].contains("readOnly"), "\(told)")
            let store = try open(root)
            #expect(store.obstacle == nil && store.damage == nil)
            #expect(try count(store) == 4)
            #expect(try StoreAudit.faults(store) == [])
        }
    }

    @Test(
        "A store of another format that can't be written says which version it needs, not what the disk lacks",
        arguments: ["full", "readonly"], [-1, 1])
    func otherFormat(disk: String, step: Int) async throws {
        try await run { root in
            try open(root).write { try $0.setMeta("format", "\(StoreSchema.format + step)") }
            let told = try await lines(disk, root)
            #expect(told.count == 1 && told[0].hasPrefix("threw"), "\(told)")
            #expect(told[0].contains(step < 0 ? "an earlier version" : "a later version"), "\(told)")
        }
    }

    @Test("A folder without the right to write in it: read-only all the same", .enabled(if: getuid() != 0))
    func withoutRight() async throws {
        try await run { root in
            let folder = root + "/main/1"
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                chmod(folder + "/" + name, 0o400)
            }
            chmod(folder, 0o500)
            defer { chmod(folder, 0o700) }
            let store = try open(root)
            #expect(try count(store) == 3)
            guard case .readOnly = store.health else {
                Issue.record("\(store.health)")
                return
            }
        }
    }

    @Test("Beside a process that is stopped in a write a store opens and is read; a write waits until that one goes on")
    func stopped() async throws {
        try await run { root in
            let child = try ChildProcess(ChildProcess.built("StoreProcess"), ["stop", root])
            try await Self.untilStopped(child.pid)
            defer { kill(child.pid, SIGKILL) }
            let (found, health) = try await Self.elsewhere { [self] in
                let store = try open(root)
                return (try count(store), store.health)
            }
            #expect(found == 3)
            guard case .readOnly(let why) = health else {
                Issue.record("\(health)")
                return
            }
            #expect(why.contains("another process"))
            // Closed and opened again meanwhile, by its own folder's name or by the one that was opened last.
            let again = try await Self.elsewhere { [self] in try open(root) }
            #expect(try count(again) == 3)
            let handle = try await OpenStore.open(root: root, name: "main", owner: nil, server: "test")
            #expect(try await handle.read { try $0.owner } == "ann")
            await handle.close()

            let write = Task {
                try await Self.elsewhere { _ = try again.write { try $0.writes.create("notes", ["title": "waits"]) } }
            }
            #expect(try count(again) == 3)
            kill(child.pid, SIGCONT)
            try await write.value
            #expect(try count(again) == 5)
            #expect(again.obstacle == nil)
            #expect(try await Self.elsewhere { child.reap() } == 0)
            #expect(try StoreAudit.faults(again) == [])
        }
    }

    @Test("Where the stopped process is killed instead, nothing of its write is there, and others go on")
    func killed() async throws {
        try await run { root in
            let child = try ChildProcess(ChildProcess.built("StoreProcess"), ["stop", root])
            try await Self.untilStopped(child.pid)
            let store = try await Self.elsewhere { [self] in try open(root) }
            #expect(store.obstacle != nil)
            child.kill()
            _ = try await Self.elsewhere { child.reap() }
            _ = try await Self.elsewhere { try store.write { try $0.writes.create("notes", ["title": "after"]) } }
            #expect(try count(store) == 4 && store.obstacle == nil)
        }
    }

    private static func untilStopped(_ pid: pid_t) async throws {
        let status: Int32 = try await elsewhere {
            var status: Int32 = 0
            while waitpid(pid, &status, WUNTRACED) < 0, errno == EINTR {}
            return status
        }
        // WIFSTOPPED
        #expect(status & 0xFF == 0x7F)
    }
}
