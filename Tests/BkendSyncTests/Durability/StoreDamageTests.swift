import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

/// A store whose files have been changed behind its back.
@Suite struct StoreDamageTests {
    /// `make damage` asks for 10,000.
    private static let rounds = ProcessInfo.processInfo.environment["BKEND_DAMAGES"].flatMap(Int.init) ?? 200

    /// The files of a store as a killed process leaves them.
    private struct Image {
        var database: [UInt8]
        var log: [UInt8]
        /// How many entries its outbox holds, and how many of them the log alone knows.
        var entries: Int
        var inLog: Int
    }

    @Test("A damaged store is set aside and its outbox salvaged, or the loss is reported")
    func damagedStoreSet() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let image = try Self.prepare(folder + "/prepared")
        var outcomes: [String: Int] = [:]
        for round in 0..<Self.rounds {
            var random = SplitMix(state: UInt64(round))
            var damaged = image
            let damage = Self.damage(&damaged, &random)
            let path = folder + "/\(round)"
            let outcome = try Self.judge(damaged, damage, path, "round \(round), \(damage)")
            outcomes[outcome, default: 0] += 1
            try? FileManager.default.removeItem(atPath: path)
        }
        #expect(outcomes["salvaged", default: 0] > Self.rounds / 20, "\(outcomes)")
    }

    private static func prepare(_ folder: String) throws -> Image {
        let store = try StoreDatabase.open(path: folder + "/store.sqlite", owner: "ann", environment: .still)
        func write(_ names: Range<Int>) throws {
            try store.write { tx in
                for number in names {
                    let filler = String(repeating: "x", count: number * 40 % 900)
                    _ = try tx.writes.create("notes", ["number": .int(Int64(number)), "filler": .string(filler)])
                }
            }
        }
        let rows = (0..<60).map { number -> [UInt8] in
            (["id": .string("p\(number)"), "title": "pulled", "number": .int(Int64(number % 7))] as JSONObject)
                .serialized()
        }
        _ = try store.write { try $0.receiving.receive(rows, table: "notes") }
        try write(0..<30)
        try store.writer.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
        let before = try store.read { try $0.outbox.entryCount() }
        try write(30..<40)
        try store.write { tx in
            for number in 0..<10 { try tx.writes.update("notes", "p\(number)", set: ["title": "mine"]) }
        }
        let entries = try store.read { try $0.outbox.entryCount() }
        return Image(
            database: try bytes(folder + "/store.sqlite"), log: try bytes(folder + "/store.sqlite-wal"),
            entries: entries, inLog: entries - before)
    }

    private static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    /// What was damaged.
    private enum Damage: CustomStringConvertible {
        case log(String)
        case database(String)

        var description: String {
            switch self {
            case .log(let what): "log: " + what
            case .database(let what): "database: " + what
            }
        }

        var isLog: Bool { if case .log = self { true } else { false } }
    }

    /// Flips 1 to 64 bytes in a row or scattered, cuts them off, or takes the log away.
    private static func damage(_ image: inout Image, _ random: inout SplitMix) -> Damage {
        if Int.random(in: 0..<20, using: &random) == 0 {
            image.log = []
            return .log("gone")
        }
        let isLog = Int.random(in: 0..<4, using: &random) == 0
        var bytes = isLog ? image.log : image.database
        let count = Int.random(in: 1...64, using: &random)
        let what: String
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            bytes.removeLast(count)
            what = "without its last \(count)"
        case 1..<4:
            let offset = Int.random(in: 0...bytes.count - count, using: &random)
            for place in offset..<offset + count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
            what = "\(count) at \(offset)"
        default:
            for _ in 0..<count {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            what = "\(count) scattered"
        }
        if isLog { image.log = bytes } else { image.database = bytes }
        return isLog ? .log(what) : .database(what)
    }

    private static func judge(_ image: Image, _ damage: Damage, _ path: String, _ round: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let file = path + "/store.sqlite"
        try Data(image.database).write(to: URL(filePath: file))
        // The note that a store has been here, as a killed process leaves it.
        try Data("1".utf8).write(to: URL(filePath: file + ".open"))
        if !image.log.isEmpty { try Data(image.log).write(to: URL(filePath: file + "-wal")) }
        // The first opening may find nothing, since damage shows where it is read; the second must act on what the
        // first one met.
        var met: (any Error)?
        var refused: (any Error)?
        for _ in 0..<3 {
            do {
                let store: StoreDatabase
                do {
                    store = try openAlone(file)
                    refused = nil
                } catch {
                    refused = error
                    throw error
                }
                if let loss = store.damage, loss.isLogMissing {
                    #expect(image.log.isEmpty, "\(round)")
                    return "without its log"
                }
                #expect(!image.log.isEmpty, "\(round): nobody says that the log is gone")
                if let loss = store.damage { return try judge(store, loss, image, round) }
                let faults = try StoreAudit.faults(store)
                _ = try StoreAudit.contents(store)
                let entries = try store.read { try $0.outbox.entryCount() }
                if faults.isEmpty {
                    // Frames of the log that don't fit their checksum are its end for SQLite.
                    let sure = damage.isLog ? image.entries - image.inLog : image.entries
                    #expect(entries >= sure, "\(round): \(image.entries - entries) entries are gone and nobody says so")
                    return entries == image.entries ? "whole" : "shorter"
                }
            } catch {
                #expect(
                    error is DatabaseError || error is StoreError || error is StorageError || error is RowDecodingError
                        || error is DamagedDocument, "\(round): \(type(of: error)) \(error)")
                met = error
            }
        }
        // A file that is no store, or somebody else's, is refused for good; nothing else may keep a store closed.
        switch refused {
        case nil, is StorageError: break
        case let error as StoreError where error.reason == .otherOwner: break
        case let error?: Issue.record("\(round): no opening works: \(error)")
        }
        return met is StorageError ? "refused" : "failing"
    }

    /// Opens the store. A child process that another test is just starting has what this one has open for a moment.
    private static func openAlone(_ file: String) throws -> StoreDatabase {
        // Other dice than the ones that made the store: those would fall as before.
        for _ in 0..<1_000 {
            do { return try StoreDatabase.open(path: file, owner: "ann", environment: .ticking()) } catch {
                guard (error as? StoreError)?.reason == .damagedWhileInUse else { throw error }
                sched_yield()
            }
        }
        return try StoreDatabase.open(path: file, owner: "ann", environment: .ticking())
    }

    /// A salvaged store is sound, says what it lost, and works.
    private static func judge(
        _ store: StoreDatabase, _ loss: StoreDamage, _ image: Image, _ round: String
    ) throws -> String {
        let faults = try StoreAudit.faults(store)
        #expect(faults == [], "\(round)")
        let entries = try store.read { try $0.outbox.entryCount() }
        #expect(entries == loss.savedEntries, "\(round)")
        #expect(
            loss.isOutboxUnreadable || entries + loss.lostEntries >= image.entries - image.inLog, "\(round): \(loss)")
        #expect(FileManager.default.fileExists(atPath: loss.setAside), "\(round)")
        let id = try store.write { try $0.writes.create("notes", ["title": "later"]) }
        #expect(try store.read { try $0.documents.document("notes", id) } != nil, "\(round)")
        return "salvaged"
    }
}
