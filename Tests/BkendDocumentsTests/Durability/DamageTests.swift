import BkendWire
import FaultDisk
import Foundation
import GRDB
import Testing

@testable import BkendDocuments

/// A database whose bytes have been changed behind its back.
@Suite struct DamageTests {
    /// `make damage` asks for 10,000.
    private static let rounds = ProcessInfo.processInfo.environment["BKEND_DAMAGES"].flatMap(Int.init) ?? 200
    private static let path = "/documents.sqlite"

    @Test("A damaged database answers or throws a typed error, and neither crashes nor hangs")
    func damagedDatabaseAnswers() throws {
        let prepared = FaultDisk()
        var writes = RandomWrites(seed: 13)
        try prepared.withDatabase { pool throws in
            try pool.write { try writes.prepare($0) }
            try pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
            for _ in 0..<5 {
                do { try pool.write { try writes.write($0) } } catch is RandomWrites.TakenBack {}
            }
        }
        var refused = 0
        for round in 0..<Self.rounds {
            var random = SeededGenerator(seed: UInt64(round))
            let disk = prepared.afterKill()
            let damage = try Self.damage(disk, &random)
            let errors = Self.use(disk, &random)
            for error in errors {
                #expect(Self.isTyped(error), "round \(round), \(damage): \(type(of: error)) \(error)")
            }
            if !errors.isEmpty { refused += 1 }
        }
        #expect(refused > Self.rounds / 20, "too little was damaged to say anything")
    }

    /// Flips 1 to 64 bytes in a row or scattered, cuts them off, or takes the log away.
    private static func damage(_ disk: FaultDisk, _ random: inout SeededGenerator) throws -> String {
        let path = Bool.random(using: &random) ? path : path + "-wal"
        let size = try #require(disk.size(of: path))
        let count = Int.random(in: 1...64, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0:
            disk.remove(Self.path + "-wal")
            return "no log"
        case 1..<4:
            disk.cutOff(path, to: size - count)
            return "\(path) without its last \(count)"
        case 4..<12:
            let offset = Int.random(in: 0...size - count, using: &random)
            disk.overwrite(path, at: offset, with: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            return "\(path): \(count) at \(offset)"
        default:
            for _ in 0..<count {
                let offset = Int.random(in: 0..<size, using: &random)
                disk.overwrite(path, at: offset, with: [UInt8.random(in: 0...255, using: &random)])
            }
            return "\(path): \(count) scattered"
        }
    }

    /// Reads and writes in every way; what was thrown.
    private static func use(_ disk: FaultDisk, _ random: inout SeededGenerator) -> [any Error] {
        var errors: [any Error] = []
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch { errors.append(error) }
        }
        var writes = RandomWrites(seed: random.next())
        attempt {
            try disk.withDatabase { pool throws in
                for name in RandomWrites.collections {
                    for query in queries { attempt { try pool.read { try find(query, name, $0) } } }
                }
                attempt { _ = try pool.read { try CollectionAudit.faults(in: $0) } }
                for _ in 0..<6 {
                    do { try pool.write { try writes.write($0) } } catch is RandomWrites.TakenBack {} catch {
                        errors.append(error)
                    }
                }
                attempt { try pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) } }
            }
        }
        return errors
    }

    private static let queries: [Query] = [
        Query(sort: [.init("id")], page: .init(1, limit: .max)),
        Query(filter: field("number", .greater(3)), sort: [.init("number", .descending)]),
        Query(filter: field("a", .exists(true)), sort: [.init("a")]),
        Query(filter: field("b.c", .notEquals("a"))),
        Query(filter: field("title", .regex(pattern: "alpha", options: ""))),
        Query(search: .init("beta", in: "title")),
        Query(search: .init("gam")),
    ]

    private static func find(_ query: Query, _ name: String, _ db: Database) throws {
        guard let collection = try BkendDocuments.Collection.named(name, in: db) else { return }
        try db.withDeadline(QueryDeadline(after: .seconds(20), clock: ContinuousClock())) {
            for document in try collection.find(query, in: db) { _ = try? document.json }
            _ = try collection.count(query.filter, search: query.search, in: db)
        }
    }

    private static func isTyped(_ error: any Error) -> Bool {
        switch error {
        case is DatabaseError, is StorageError, is DamagedDocument, is InvalidDocument, is CollectionError,
            is UniqueViolation, is DuplicateDocument, is RowDecodingError:
            true
        default: false
        }
    }
}
