import Crypto
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import BkendServer

/// Objects in a folder: there as a whole or not at all, and swept when nothing names them.
@Suite struct ObjectFolderTests {
    private func withStorage(_ body: (ObjectFolder, String) async throws -> Void) async throws {
        try await withFolder { path in try await body(try ObjectFolder(path), path) }
    }

    private func names(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
            .filter { $0 != ObjectFolder.lockName && $0 != ObjectFolder.asideName }.sorted()
    }

    private func read(_ name: String, _ storage: ObjectFolder) async throws -> [UInt8] {
        let buffer = try await storage.open(name).read(at: 0, count: 1 << 20)
        return Array(buffer.readableBytesView)
    }

    @Test("An object is there once it is stored, with the digest of its bytes, for its owner alone")
    func storing() async throws {
        try await withStorage { storage, path in
            let draft = try await storage.begin()
            try await draft.write(ByteBuffer(string: "one "))
            try await draft.write(ByteBuffer(string: "two"))
            #expect(names(path) == [draft.name + ".part"])
            let digest = try await draft.store()
            #expect(names(path) == [draft.name])
            draft.release()
            #expect(digest == Data(SHA256.hash(data: Data("one two".utf8))))
            #expect(try await read(draft.name, storage) == Array("one two".utf8))
            #expect(FileStatus("\(path)/\(draft.name)")?.mode == 0o600)
            #expect(FileStatus(path)?.mode == 0o700)
            #expect(try await storage.delete([draft.name, draft.name]))
            #expect(names(path) == [])
        }
    }

    @Test("A draft that is let go leaves nothing, stored or not")
    func letGo() async throws {
        try await withStorage { storage, path in
            for isStored in [false, true] {
                var draft: (any ObjectDraft)? = try await storage.begin()
                try await draft?.write(ByteBuffer(string: "bytes"))
                if isStored { _ = try await draft?.store() }
                #expect(names(path).count == 1)
                draft = nil
                #expect(names(path) == [])
            }
            let draft = try await storage.begin()
            await draft.discard()
            #expect(names(path) == [])
        }
    }

    @Test("A sweep takes what no row names, and neither what is named nor what is being written")
    func sweeping() async throws {
        try await withStorage { storage, path in
            let named = try await stored(storage)
            let unnamed = try await stored(storage)
            let (draft, waiting) = (try await storage.begin(), try await storage.begin())
            _ = try await waiting.store()
            // What a killed server leaves, and what isn't ours.
            try Data().write(to: URL(filePath: "\(path)/\(String(repeating: "0", count: 32)).part"))
            try Data().write(to: URL(filePath: "\(path)/notes.txt"))
            let swept = try await sweep(storage, until: SweptObjects(deleted: 1, putAside: 1)) { names in
                names.filter { $0 != named }
            }
            #expect(swept == SweptObjects(deleted: 1, putAside: 1))
            #expect(names(path) == [draft.name + ".part", named, waiting.name, "notes.txt"].sorted())
            // The right database may come back; a week is time to see it.
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/unclaimed") == [unnamed])
            draft.release()
            waiting.release()
        }
    }

    @Test("What gets its row between two looks stays")
    func lateRow() async throws {
        try await withStorage { storage, path in
            let name = try await stored(storage)
            let looks = Mutex(0)
            let swept = try await storage.sweep { names in
                // Named since the first look, as by a server that was about to.
                looks.withLock { looks in
                    looks += 1
                    return looks == 1 ? names : []
                }
            }
            #expect(swept == SweptObjects() && names(path) == [name])
        }
    }

    @Test("One sweeps at a time, and none while the folder is copied")
    func held() async throws {
        try await withStorage { storage, path in
            _ = try await stored(storage)
            let lock = try #require(try FolderLock(path, isWaiting: true))
            #expect(try FolderLock(path, isWaiting: false) == nil)
            // What the copy of a database names is there until it is copied.
            #expect(try await !storage.delete(names(path)))
            #expect(names(path).count == 1)
            #expect(try await storage.sweep { $0 } == SweptObjects())
            lock.release()
            let swept = try await sweep(storage, until: SweptObjects(putAside: 1)) { $0 }
            #expect(swept == SweptObjects(putAside: 1))
        }
    }

    @Test("What lies aside is deleted after a week that was seen, whatever the system's clock says")
    func aside() {
        let objects = AsideObjects()
        let start = ContinuousClock.now
        let week = ObjectFolder.asideTime
        #expect(objects.old(among: ["a"], now: start) == [])
        #expect(objects.old(among: ["a", "b"], now: start + week / 2) == [])
        #expect(objects.old(among: ["a", "b"], now: start + week) == ["a"])
        // One that was taken back begins anew.
        #expect(objects.old(among: ["a"], now: start + week * 2) == ["a"])
        #expect(objects.old(among: ["a", "b"], now: start + week * 2) == ["a"])
    }

    @Test("Only names of objects are opened and deleted")
    func foreignNames() async throws {
        try await withStorage { storage, path in
            try Data([1]).write(to: URL(filePath: "\(path)/notes.txt"))
            await #expect(throws: ObjectFailure.self) { _ = try await storage.open("notes.txt") }
            await #expect(throws: ObjectFailure.self) { _ = try await storage.open("../x") }
            #expect(try await storage.delete(["notes.txt", "../x"]))
            #expect(names(path) == ["notes.txt"])
        }
    }

    /// Sweeps until so much was swept. A process that another test starts at this moment has a copy of every open file for
    /// an instant, and with it its lock.
    private func sweep(
        _ storage: ObjectFolder, until expected: SweptObjects,
        unnamed: @escaping @Sendable ([String]) throws -> [String]
    ) async throws -> SweptObjects {
        var all = SweptObjects()
        for _ in 0..<10_000 where all != expected {
            let swept = try await storage.sweep(unnamed: unnamed)
            all.deleted += swept.deleted
            all.putAside += swept.putAside
        }
        return all
    }

    private func stored(_ storage: ObjectFolder) async throws -> String {
        let draft = try await storage.begin()
        try await draft.write(ByteBuffer(string: "bytes"))
        _ = try await draft.store()
        draft.release()
        return draft.name
    }
}
