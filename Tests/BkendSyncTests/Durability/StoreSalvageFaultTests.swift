import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

/// Openings of sound and of damaged stores that fail or are killed at one of their calls to the system.
@Suite(.timeLimit(.minutes(60))) struct StoreSalvageFaultTests {
    /// `make damage` tries every call.
    private static let isLong = ProcessInfo.processInfo.environment["BKEND_DAMAGES"] != nil

    enum Kind: String, CaseIterable, Sendable {
        /// As a killed process leaves it: what was written last is in its log.
        case killed
        case closed
        /// Marked as damaged, though all of it can be read.
        case marked
        /// A page of its outbox can't be read, as a check has found.
        case torn
        /// It is no database any more.
        case headless
        case missing

        func prepare(_ folder: String) throws {
            let path = folder + "/store.sqlite"
            var store: StoreDatabase? = try StoreDatabase.open(path: path, owner: "ann", environment: .still)
            try store?.write { tx in
                _ = try tx.receiving.receive([Array(#"{"id":"s1","title":"S"}"#.utf8)], table: "notes")
                try tx.writes.update("notes", "s1", set: ["title": "mine"])
                for number in 0..<30 {
                    let text = "entry \(number) " + String(repeating: "x", count: 700)
                    _ = try tx.writes.create("notes", ["title": .string(text)])
                }
            }
            if self == .killed {
                let kept = folder + ".kept"
                try FileManager.default.copyItem(atPath: folder, toPath: kept)
                store = nil
                try FileManager.default.removeItem(atPath: folder)
                return try FileManager.default.moveItem(atPath: kept, toPath: folder)
            }
            try store?.writer.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
            let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'sync_entries'"
            let entries = try store?.writer.read { try Int.fetchOne($0, sql: sql) } ?? nil
            store = nil
            switch self {
            case .killed, .closed: break
            case .marked: DamageMark.note("quick_check", beside: path)
            case .torn:
                DamageMark.note("quick_check", beside: path)
                // The second of the pages below the outbox's root page.
                let bytes = try Data(contentsOf: URL(filePath: path))
                let root = (try #require(entries) - 1) * 4096
                let cell = root + Int(bytes[root + 14]) << 8 + Int(bytes[root + 15])
                let child = bytes[cell..<cell + 4].reduce(0) { $0 << 8 + Int($1) }
                try overwrite(path, at: (child - 1) * 4096, count: 64)
            case .headless: try overwrite(path, at: 0, count: 100)
            case .missing: for suffix in ["", "-wal"] { try FileManager.default.removeItem(atPath: path + suffix) }
            }
        }

        private func overwrite(_ path: String, at offset: Int, count: Int) throws {
            let file = try FileHandle(forUpdating: URL(filePath: path))
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data(repeating: 0xFF, count: count))
            try file.close()
        }
    }

    /// What an opening that nothing disturbs finds.
    private struct Expected: Equatable {
        var entries: Int
        var damage: String?

        init(_ store: StoreDatabase) throws {
            entries = try store.read { try $0.outbox.entryCount() }
            damage = store.damage.map { "salvaged \($0.savedEntries) \($0.lostEntries) \($0.isOutboxUnreadable)" }
            #expect(try StoreAudit.faults(store) == [])
        }
    }

    @Test(
        "An opening that fails or is killed at any call leaves work that the next one takes up, and counts honestly",
        arguments: Kind.allCases, OpeningCopies.Mode.allCases)
    func openingFailsOr(
        kind: Kind, mode: OpeningCopies.Mode
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder + "/copies", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try kind.prepare(folder + "/prepared")
        try FileManager.default.copyItem(atPath: folder + "/prepared", toPath: folder + "/undisturbed")
        let expected = try Expected(try Self.open(folder + "/undisturbed"))
        switch kind {
        case .killed, .closed: #expect(expected.entries == 31 && expected.damage == nil)
        case .marked: #expect(expected.entries == 31 && expected.damage == "salvaged 31 0 false")
        case .torn: #expect((10..<31).contains(expected.entries) && expected.damage != nil)
        case .headless, .missing: #expect(expected.entries == 0 && expected.damage == "salvaged 0 0 true")
        }
        let step = Self.isLong ? 1 : mode == .kill ? 199 : 41
        let first = Self.isLong ? 0 : Kind.allCases.firstIndex(of: kind) ?? 0
        let openings = try await OpeningCopies.run(
            folder + "/prepared", into: folder + "/copies", mode, from: first, step: step)
        #expect((openings.last?.call ?? 0) > 100)
        #expect(openings.last?.failures == 0)
        for opening in openings {
            try Self.judge(
                folder + "/copies/\(opening.call)", opening, expected,
                isSetAside: [.marked, .torn, .headless].contains(kind), "\(kind), \(mode), call \(opening.call)")
        }
    }

    private static func open(_ folder: String) throws -> StoreDatabase {
        try StoreDatabase.open(path: folder + "/store.sqlite", owner: "ann", environment: .still)
    }

    private static func judge(
        _ folder: String, _ opening: OpeningCopies.Opening, _ expected: Expected, isSetAside: Bool, _ place: String
    ) throws {
        let place = place + ", " + (opening.outcome ?? "killed")
        if let outcome = opening.outcome {
            let told = expected.damage ?? "opened"
            #expect(outcome == told || outcome.hasPrefix("threw ") && opening.failures > 0, "\(place)")
            #expect(!outcome.hasSuffix("Failure"), "\(place)")
        }
        let store: StoreDatabase
        do { store = try open(folder) } catch {
            Issue.record("\(place): the next opening fails: \(error)")
            return
        }
        var found = try Expected(store)
        if opening.outcome?.contains("malformed") == true {
            // SQLite takes a read that fails for damage (SQLITE_IOERR_CORRUPTFS): then the store is salvaged, again too.
            let lost = expected.damage?.split(separator: " ").dropFirst(2) ?? ["0", "false"]
            #expect(found.entries == expected.entries, "\(place)")
            #expect(found.damage == "salvaged \(found.entries) \(lost.joined(separator: " "))", "\(place)")
            return
        }
        if found.damage == nil, expected.damage != nil {
            #expect(opening.outcome == expected.damage, "\(place): nobody was told")
            found.damage = expected.damage
        }
        #expect(found == expected, "\(place)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.contains("store.sqlite.damaged-1") == isSetAside, "\(place)")
        #expect(!names.contains { $0.hasPrefix("store.sqlite.damaged-2") }, "\(place)")
        _ = try store.write { try $0.writes.create("notes", ["title": "later"]) }
    }
}
