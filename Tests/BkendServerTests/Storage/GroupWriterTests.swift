import BkendAccounts
import BkendDocuments
import BkendTesting
import BkendWire
import Dispatch
import FaultDisk
import Foundation
import GRDB
import Synchronization
import Testing

@testable import BkendServer

/// Writes that wait at the same time share a transaction.
@Suite struct GroupWriterTests {
    @Test("Writes that wait together are one transaction; past a bound the next one begins")
    func together() async throws {
        var bounds = GroupWriter.Bounds.patient
        bounds.writes = 8
        try await GroupPlace.with(bounds) { place in
            let numbers = try await place.whileHeld { place.writes(Array(0..<20)) }
            #expect(numbers.compactMap { try? $0.get() } == Array(0..<20))
            #expect(place.groups == [8, 8, 4])
            #expect(try place.stored() == Array(0..<20))
        }
    }

    @Test("A group is full when it has changed many bytes")
    func bytes() async throws {
        var bounds = GroupWriter.Bounds.patient
        bounds.bytes = 250
        try await GroupPlace.with(bounds) { place in
            _ = try await place.whileHeld { place.writes(Array(0..<6)) }
            #expect(place.groups == [3, 3])
        }
    }

    @Test("A write that fails leaves no trace, and stops no other")
    func failing() async throws {
        try await GroupPlace.with { place in
            let results = try await place.whileHeld {
                place.writes(
                    Array(0..<5),
                    with: { db, number in
                        if number == 2 { throw GroupPlace.Refused() }
                    })
            }
            #expect(results.indices.filter { results[$0].isFailure(GroupPlace.Refused.self) } == [2])
            #expect(place.groups == [4])
            #expect(try place.stored() == [0, 1, 3, 4])
        }
    }

    @Test("When the transaction ends under a group, nothing of it counts, and each write runs again by itself")
    func ended() async throws {
        try await GroupPlace.with { place in
            let runs = Mutex<[Int]>([])
            let results = try await place.whileHeld {
                place.writes(
                    Array(0..<4),
                    with: { db, number in
                        let isFirst = runs.withLock { runs in
                            runs.append(number)
                            return runs.count { $0 == number } == 1
                        }
                        // What SQLite does by itself after some errors (`sqlite3_get_autocommit`).
                        if number == 2, isFirst {
                            try db.execute(sql: "ROLLBACK")
                            throw GroupPlace.Refused()
                        }
                    })
            }
            #expect(results.compactMap { try? $0.get() } == Array(0..<4))
            #expect(runs.withLock { $0 } == [0, 1, 2, 0, 1, 2, 3])
            #expect(place.groups == [1, 1, 1, 1])
            #expect(try place.stored() == Array(0..<4))
        }
    }

    @Test("When one whose group came to nothing fails again, its error is its own")
    func endedForGood() async throws {
        try await GroupPlace.with { place in
            let results = try await place.whileHeld {
                place.writes(
                    Array(0..<4),
                    with: { db, number in
                        if number == 2 {
                            try db.execute(sql: "ROLLBACK")
                            throw GroupPlace.Refused()
                        }
                    })
            }
            #expect(results.indices.filter { results[$0].isFailure(GroupPlace.Refused.self) } == [2])
            #expect(try place.stored() == [0, 1, 3])
        }
    }

    @Test("A group that has taken long gets no more writes")
    func time() async throws {
        var bounds = GroupWriter.Bounds.patient
        bounds.time = .zero
        try await GroupPlace.with(bounds) { place in
            _ = try await place.whileHeld { place.writes(Array(0..<3)) }
            #expect(place.groups == [1, 1, 1])
        }
    }

    @Test("Whoever comes anew is behind those who wait for their next turn")
    func newcomers() async throws {
        var bounds = GroupWriter.Bounds.patient
        bounds.writes = 1
        try await GroupPlace.with(bounds) { place in
            let order = Mutex<[Int]>([])
            let late = Mutex<[Task<Int, any Error>]>([])
            let results = try await place.whileHeld {
                place.writes(
                    [0, 1],
                    with: { _, number in
                        order.withLock { $0.append(number) }
                        if number > 0 { return }
                        // While the first one is written, others come who ask once.
                        for newcomer in 2..<5 {
                            let task = place.write(newcomer, client: "\(newcomer)") { _, number in
                                order.withLock { $0.append(number) }
                            }
                            late.withLock { $0.append(task) }
                        }
                        while place.waitingNow < 4 { usleep(100) }
                    })
            }
            #expect(results.allSatisfy { (try? $0.get()) != nil })
            for task in late.withLock({ $0 }) { _ = try await task.value }
            #expect(order.withLock { $0 }.prefix(2) == [0, 1])
        }
    }

    @Test("Clients take turns, in a transaction and from one to the next", arguments: [1, 2, 32])
    func turns(writes: Int) async throws {
        var bounds = GroupWriter.Bounds.patient
        bounds.writes = writes
        try await GroupPlace.with(bounds) { place in
            let order = Mutex<[Int]>([])
            _ = try await place.whileHeld {
                place.writes(
                    Array(0..<6), client: { $0 < 4 ? "a" : "b" },
                    with: { _, number in order.withLock { $0.append(number) } })
            }
            #expect(order.withLock { $0 } == [0, 4, 1, 5, 2, 3])
        }
    }

    @Test("A write whose client goes, or whose task is cancelled, before its turn isn't made")
    func given() async throws {
        try await GroupPlace.with { place in
            let departure = Departure()
            let writes = try await place.holding { () -> [Task<Int, any Error>] in
                let writes = [
                    place.write(0), place.write(1, departure: departure), place.write(2), place.write(3),
                ]
                await place.waiting(4)
                departure.happen()
                writes[2].cancel()
                return writes
            }
            var results: [Result<Int, any Error>] = []
            for write in writes { results.append(await write.result) }
            #expect(results[1].isFailure(ClientGone.self) && results[2].isFailure(CancellationError.self))
            #expect(try place.stored() == [0, 3])
        }
    }

    @Test("A write that has begun is made, whoever goes")
    func begun() async throws {
        try await GroupPlace.with { place in
            let departure = Departure()
            let write = place.write(0, departure: departure) { _, _ in departure.happen() }
            let number = try await write.value
            #expect(number == 0)
            #expect(try place.stored() == [0])
        }
    }

    @Test(
        "Whatever call of the disk fails, what was answered is there after a power cut, and nothing is there by half",
        arguments: FaultDisk.PowerCut.allCases, [1, 3, nil])
    func faults(cut: FaultDisk.PowerCut, times: Int?) async throws {
        for call in 0..<40 {
            try await GroupPlace.with { place in
                _ = try await place.whileHeld { place.writes(Array(0..<3)) }
                place.disk.fail([.write, .sync, .truncate], after: call, times: times, seed: UInt64(call))
                let results = try await place.whileHeld { place.writes(Array(3..<9)) }
                let failures = place.disk.failures
                place.disk.heal()
                let answered = results.compactMap { try? $0.get() }
                if failures == 0 { #expect(answered == Array(3..<9)) }
                // One bad moment costs no write: the group's first attempt is all that is lost.
                if times == 1 { #expect(answered.count >= 5, "call \(call)") }
                let found = try GroupPlace.stored(on: place.disk.afterPowerCut(cut, seed: UInt64(call)))
                #expect(Set(found).isSuperset(of: [0, 1, 2] + answered), "call \(call): \(found), not \(answered)")
                let again = try await place.whileHeld { place.writes([9, 10]) }
                #expect(again.compactMap { try? $0.get() } == [9, 10], "call \(call), after it")
            }
        }
    }

    @Test("Creates that wait for the writer are stored together, and answered each for itself")
    func overHTTP() async throws {
        let tables: JSON = ["tables": [["name": "t", "indexes": [["fields": ["n": 1], "unique": true]]]]]
        try await ServerPlaces.gate.pass {
            let server = try await TestServer.start(tables: tables) { $0.adminPort = 0 }
            let metrics = try AbandonedRequestTests.Metrics(server)
            let before = try await metrics.value("bkend_write_transactions_total")
            let writer = await HeldWriter.take(of: server.folder)
            let answers = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                for number in 0..<20 {
                    group.addTask {
                        // Every second one is another's.
                        let answer = try await server.admin.post("/v1/t", ["n": .int(Int64(number / 2))])
                        return (number, answer.status)
                    }
                }
                try await metrics.until(#"bkend_queue_length{queue="writes"}"#, 20)
                writer.release()
                return try await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
            }
            // A slow machine may reach the bound of a group's time.
            #expect(try await metrics.value("bkend_write_transactions_total") - before < 10)
            for pair in 0..<10 {
                let statuses = [answers[2 * pair], answers[2 * pair + 1]].compactMap { $0 }.sorted()
                #expect(statuses == [201, 409])
            }
            #expect(try await server.admin.get("/v1/t").json["pagination"]?["total"] == 10)
            try await server.stop()
        }
    }
}

extension GroupWriter.Bounds {
    /// Bounds that a slow machine doesn't reach.
    fileprivate static var patient: GroupWriter.Bounds {
        var bounds = GroupWriter.Bounds()
        bounds.time = .seconds(3_600)
        return bounds
    }
}

extension Result {
    fileprivate func isFailure<Kind: Error>(_ kind: Kind.Type) -> Bool {
        if case .failure(let error) = self { return error is Kind }
        return false
    }
}

/// A database on a disk that fails where it is told to, and its writer.
private final class GroupPlace: Sendable {
    struct Refused: Error {}

    let disk = FaultDisk()
    private let pool: DatabasePool
    private let writer: GroupWriter
    private let sizes: Sizes

    private final class Sizes: Sendable {
        let all = Mutex<[Int]>([])
    }

    private init(_ bounds: GroupWriter.Bounds) throws {
        pool = try Self.open(disk)
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "CREATE TABLE parts (number INTEGER, part INTEGER, filler BLOB)")
        }
        let sizes = Sizes()
        self.sizes = sizes
        writer = GroupWriter(pool, bounds: bounds, report: { size in sizes.all.withLock { $0.append(size) } })
    }

    private static func open(_ disk: FaultDisk) throws -> DatabasePool {
        var options = StorageOptions()
        options.vfs = disk.name
        return try DocumentStorage.open(path: "/group.sqlite", options: options)
    }

    static func with(_ bounds: GroupWriter.Bounds = .patient, _ body: (GroupPlace) async throws -> Void) async throws {
        let place = try GroupPlace(bounds)
        defer { try? place.pool.close() }
        try await body(place)
    }

    /// How many writes each transaction had.
    var groups: [Int] { sizes.all.withLock { $0 } }

    /// Begins a write of two rows.
    func write(
        _ number: Int, client: String = "a", departure: Departure? = nil,
        _ more: @escaping @Sendable (Database, Int) throws -> Void = { _, _ in }
    ) -> Task<Int, any Error> {
        let share = QueueShare(project: "p", environment: "e", client: client)
        return Task {
            try await writer.write(share, departure: departure) { db in
                for part in 0..<2 {
                    try db.execute(
                        sql: "INSERT INTO parts VALUES (?, ?, zeroblob(3000))", arguments: [number, part])
                    if part == 0 { try more(db, number) }
                }
                return (number, bytes: 100)
            }
        }
    }

    /// Begins writes, one after the other.
    func writes(
        _ numbers: [Int], client: @escaping @Sendable (Int) -> String = { _ in "a" },
        with more: @escaping @Sendable (Database, Int) throws -> Void = { _, _ in }
    ) -> [() -> Task<Int, any Error>] {
        numbers.map { number in
            { self.write(number, client: client(number), more) }
        }
    }

    /// Holds the writer until the body returns.
    func holding<Value>(_ body: () async throws -> Value) async throws -> Value {
        let released = DispatchSemaphore(value: 0)
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { _ in
                continuation.resume()
                released.wait()
            }
        }
        defer { released.signal() }
        return try await body()
    }

    /// Has writes come while another has the writer, in their order, and gives their results.
    func whileHeld(_ writes: () -> [() -> Task<Int, any Error>]) async throws -> [Result<Int, any Error>] {
        let tasks = try await holding { () -> [Task<Int, any Error>] in
            var tasks: [Task<Int, any Error>] = []
            for begin in writes() {
                tasks.append(begin())
                await waiting(tasks.count)
            }
            return tasks
        }
        var results: [Result<Int, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }

    var waitingNow: Int { writer.waiting }

    /// Returns when so many writes wait.
    func waiting(_ count: Int) async {
        while writer.waiting < count { await Task.yield() }
    }

    /// The numbers of the writes that are there.
    func stored() throws -> [Int] { try pool.read { try Self.numbers($0) } }

    static func stored(on disk: FaultDisk) throws -> [Int] {
        let pool = try open(disk)
        defer { try? pool.close() }
        return try pool.read { db in
            #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
            return try numbers(db)
        }
    }

    /// The numbers of the writes whose rows are there, in their order. No write is there by half.
    private static func numbers(_ db: Database) throws -> [Int] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT number, count(*) AS parts FROM parts GROUP BY number ORDER BY number")
        #expect(rows.allSatisfy { $0["parts"] == 2 })
        return rows.map { $0["number"] }
    }
}
