import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

/// What a later version has left is that version's: it is refused in words, and nothing of it is moved or changed.
@Suite struct LaterVersionTests {
    /// What of a store a later version wrote.
    enum Later: String, CaseIterable, Sendable {
        case store, collections, mark, movedStore

        func prepare(_ path: String) throws {
            do {
                let store = try StoreDatabase.open(path: path, owner: "ann", environment: .still)
                _ = try store.write { try $0.writes.create("notes", ["title": "kept"]) }
                // The pages' own place, so that what is read is what lies in the file.
                try store.writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            }
            let database = try DatabaseQueue(path: path)
            switch self {
            case .store, .movedStore:
                try database.write { try $0.execute(sql: "UPDATE sync_meta SET value = '99' WHERE key = 'format'") }
            case .collections: try database.write { try $0.execute(sql: "UPDATE bkend_format SET version = 99") }
            case .mark: break
            }
            try database.close()
            switch self {
            case .store, .collections: DamageMark.note("quick_check", beside: path)
            case .mark:
                let mark: JSONObject = ["format": 99, "steps": ["moved"], "place": "elsewhere"]
                try StoreFolder.write(mark.serialized(), to: path + ".damaged")
            case .movedStore:
                try DamageMark(reason: "quick_check", number: 1).write(beside: path)
                try FileManager.default.moveItem(atPath: path, toPath: path + ".damaged-1")
            }
        }
    }

    @Test("Of two processes that make a store at the same time neither fails")
    func madeMeanwhile() throws {
        try withFolder { folder in
            let first = try DocumentStorage.open(path: folder + "/store")
            let second = try DocumentStorage.open(path: folder + "/store")
            // The second one has looked at the file before the first one makes its tables.
            #expect(try second.write { try !$0.tableExists("sync_meta") })
            for writer in [first, second] {
                let store = try StoreDatabase(over: writer, environment: .still)
                _ = try store.write { try $0.writes.create("notes", ["title": "kept"]) }
            }
            #expect(try StoreDatabase(over: first, environment: .still).read { try $0.outbox.entryCount() } == 2)
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "later-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    /// Names and bytes of a folder's files, but for the locks and the memory that processes share.
    private func contents(_ folder: String) throws -> [String: Data] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { name in
            !name.hasSuffix("-shm") && !name.hasSuffix(".lock")
        }
        let files = try names.compactMap { name -> (String, Data)? in
            let path = folder + "/" + name
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
                return nil
            }
            return (name, try Data(contentsOf: URL(filePath: path)))
        }
        // An empty log is as good as none.
        return Dictionary(uniqueKeysWithValues: files.filter { !($0.0.hasSuffix("-wal") && $0.1.isEmpty) })
    }

    @Test("A damaged store of a later version is refused and left where it lies", arguments: Later.allCases)
    func damagedStoreLater(later: Later) throws {
        try withFolder { folder throws in
            let path = folder + "/store.sqlite"
            try later.prepare(path)
            let before = try contents(folder)
            for _ in 0..<5 {
                do {
                    _ = try StoreDatabase.open(path: path, owner: "ann", environment: .still)
                    Issue.record("opened")
                } catch {
                    let error = StoreError(error)
                    #expect(error.reason == .newerFormat(99))
                    #expect(error.description.contains("later version") && error.description.contains("update"))
                }
            }
            #expect(try contents(folder) == before)
        }
    }

    @Test("A store of a later version that this one finds to be damaged is neither marked nor moved")
    func storeLaterVersion() throws {
        try withFolder { folder throws in
            let path = folder + "/store.sqlite"
            try Later.store.prepare(path)
            try FileManager.default.removeItem(atPath: path + ".damaged")
            let database = try DatabaseQueue(path: path)
            let page = try database.read {
                try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'bkend_collections'")
            }
            try database.close()
            let file = try FileHandle(forUpdating: URL(filePath: path))
            try file.seek(toOffset: UInt64((try #require(page) - 1) * 4096))
            try file.write(contentsOf: Data(repeating: 0xFF, count: 4096))
            try file.close()
            for _ in 0..<2 {
                #expect(
                    refusal { _ = try StoreDatabase.open(path: path, owner: "ann", environment: .still) }
                        == .newerFormat(99))
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(!names.contains { $0.contains(".damaged") })
        }
    }

    @Test("A label that can't be read beside a later version's store is refused in words")
    func labelCantRead() throws {
        try withFolder { folder throws in
            let location = try StoreLocation.find(root: folder, name: "main", owner: "ann")
            try Later.store.prepare(location.path)
            let label = location.folder + "/owner"
            try Data([0xFF, 0x00, 0xFE]).write(to: URL(filePath: label))
            let before = try contents(folder)
            do {
                _ = try StoreLocation.find(root: folder, name: "main", owner: "ann")
                Issue.record("found")
            } catch {
                let words = StoreError(error).description
                #expect(words.contains("\"owner\""))
                #expect(words.contains("later version"))
            }
            #expect(try contents(folder) == before)
        }
    }

    @Test("A mark that was cut off while it was written says that there is damage, and no more")
    func markCutOff() throws {
        for text in ["", "{\"format\":1,\"rea", "\0\0\0\0"] {
            try withFolder { folder throws in
                let path = folder + "/store.sqlite"
                do {
                    let store = try StoreDatabase.open(path: path, owner: "ann", environment: .still)
                    _ = try store.write { try $0.writes.create("notes", ["title": "kept"]) }
                }
                try Data(text.utf8).write(to: URL(filePath: path + ".damaged"))
                let store = try StoreDatabase.open(path: path, owner: "ann", environment: .still)
                #expect(store.damage?.savedEntries == 1)
            }
        }
    }
}
