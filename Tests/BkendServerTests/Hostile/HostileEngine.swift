import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendWire
import Foundation
import GRDB
import Synchronization

@testable import BkendServer

/// A storage as the seam allows one, and SQLite is none: every call suspends; every body runs twice, and first with a
/// storage that fails at some call; writes run at the same time unless they hold one of the same locks, each over a copy
/// of what was committed when it began.
///
/// What a body wrote is done once more to what is committed by then. Where that comes out differently though the body
/// relied on it, or where a body wrote what it had read without a lock, or went on after an error of the storage, a fault
/// is noted, for the test to fail by.
final class HostileEngine: StorageEngine, @unchecked Sendable {  // `committed` is used only with the lock held
    private struct Counts {
        var ids: ObjectIDGenerator
        var rehearsals = 0
    }

    private let faults: HostileFaults
    /// The most bytes of records, nil for any number.
    private let maximumBytes: Int?
    private let clock: @Sendable () -> Timestamp
    private let sql: DatabaseQueue
    private let lock = NSLock()
    private var committed = MemoryRecords()
    private let counts: Mutex<Counts>
    private let locks = LockTable()

    init(faults: HostileFaults, maximumBytes: Int?, clock: @escaping @Sendable () -> Timestamp) throws {
        self.faults = faults
        self.maximumBytes = maximumBytes
        self.clock = clock
        sql = try DatabaseQueue()
        var random = SystemRandomNumberGenerator()
        counts = Mutex(Counts(ids: ObjectIDGenerator(using: &random)))
        try sql.write { db in try TableSchema.prepare(db, path: ":memory:") }
    }

    // MARK: Reading

    func read<Result: Sendable>(
        _ kind: ReadKind, check: StorageCheck?, limit: Duration,
        _ body: @escaping @Sendable (any StorageSession, ReadAttempt) throws -> Result
    ) async throws -> Result {
        await Task.yield()
        try onCommitted { db, records in
            self.rehearse { calls in
                let session = self.session(db, records, locks: [], failingAfter: calls)
                _ = try body(session, .onCallersThread)
                return session
            }
        }
        await Task.yield()
        return try onCommitted { db, records in
            let session = self.session(db, records, locks: [])
            if case .query = kind { session.deadline = (limit, .now.advanced(by: limit)) }
            try check?.run(in: session)
            return try body(session, .untimed)
        }
    }

    func readNow<Result>(_ body: (any StorageSession) throws -> Result) throws -> Result {
        try onCommitted { db, records in try body(session(db, records, locks: [])) }
    }

    func work<Result: Sendable>(
        _ work: ReadAttempt.Work, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        await Task.yield()
        return try body()
    }

    // MARK: Writing

    func write<Result: Sendable>(
        locking first: Set<StorageLock>, check: StorageCheck?,
        _ body: @escaping @Sendable (any StorageTransaction) throws -> Result
    ) async throws -> Result {
        var wanted = first
        for _ in 0..<Self.attempts {
            await Task.yield()
            await locks.take(wanted)
            defer { locks.release(wanted) }
            do {
                try onCopy { db, records in
                    self.rehearse { calls in
                        let session = self.session(db, records, locks: wanted, failingAfter: calls)
                        _ = try body(session)
                        return session
                    }
                }
                let (session, result) = try onCopy { db, records in
                    let session = self.session(db, records, locks: wanted)
                    try check?.run(in: session)
                    return (session, try body(session))
                }
                // Others read what was there before, and commit.
                for _ in 0..<Self.pauses { await Task.yield() }
                if try commit(session) { return result }
            } catch let needed as LocksNeeded {
                // Taken together from now on, so that nobody waits while they hold some.
                let more = needed.locks.subtracting(wanted)
                if more.isEmpty { throw needed }
                locks.release(wanted)
                wanted.formUnion(more)
                await locks.take(wanted)
            }
        }
        throw StorageFailure(.other, message: "the write met others again and again")
    }

    func writeNow<Result>(
        locking locks: Set<StorageLock>, _ body: (any StorageTransaction) throws -> Result
    ) throws -> Result {
        try onCopy { db, records in
            let session = session(db, records, locks: nil)
            let result = try body(session)
            guard try commit(session) else { throw StorageFailure(.other, message: "another write was faster") }
            return result
        }
    }

    func prepareAccounts() throws { try writeNow(locking: [.definitions]) { try AccountSchema.prepare($0) } }

    func prepareFiles() throws { try writeNow(locking: [.definitions]) { try FileSchema.prepare($0) } }

    var size: (bytes: Int, log: Int) { (0, 0) }

    private static let attempts = 50
    private static let pauses = 20

    // MARK: Steps

    private func session(
        _ db: Database, _ records: MemoryRecords, locks: Set<StorageLock>?, failingAfter calls: Int? = nil
    ) -> HostileSession {
        let now = clock()
        return HostileSession(
            db, records: records, now: now, locks: locks, failingAfter: calls, faults: faults,
            ids: { [self] in counts.withLock { $0.ids.next(at: now) } })
    }

    /// Runs a body over a storage that fails at some call; what it gives doesn't count.
    private func rehearse(_ body: (Int) throws -> HostileSession) {
        let calls = counts.withLock { counts in
            counts.rehearsals += 1
            return counts.rehearsals % 5
        }
        do {
            if try body(calls).hasFailed { faults.note("a body passed over an error of the storage") }
        } catch {}
    }

    private func onCommitted<Result>(_ body: (Database, MemoryRecords) throws -> Result) throws -> Result {
        try lock.withLock { try sql.read { db in try body(db, committed) } }
    }

    private func onCopy<Result>(_ body: (Database, MemoryRecords) throws -> Result) throws -> Result {
        let copy = try DatabaseQueue()
        let records = try lock.withLock {
            try sql.backup(to: copy)
            return committed
        }
        return try copy.writeWithoutTransaction { db in try body(db, records) }
    }

    /// Does to what is committed what a body did to its copy; false when another write was faster, and the body is to run
    /// again.
    private func commit(_ session: HostileSession) throws -> Bool {
        try lock.withLock {
            var records = committed
            var isDone = true
            try sql.writeWithoutTransaction { db in
                try db.inTransaction(.immediate) {
                    isDone = try Commit(db: db, faults: faults, now: session.now, written: session.written).apply(
                        session, to: &records)
                    if let maximumBytes, records.bytes > maximumBytes {
                        throw StorageFailure(.full, message: "the records are larger than they may be")
                    }
                    return isDone ? .commit : .rollback
                }
            }
            if isDone { committed = records }
            return isDone
        }
    }
}

/// What makes a body's operations count.
private struct Commit {
    let db: Database
    let faults: HostileFaults
    let now: Timestamp
    let written: WrittenPosition

    func apply(_ session: HostileSession, to records: inout MemoryRecords) throws -> Bool {
        for (table, version) in session.versions where try self.version(of: table) ?? version != version {
            return false
        }
        do {
            for operation in session.operations {
                if try !apply(operation, to: &records, now: session.now) { return false }
            }
        } catch let error as DatabaseError where StorageFailure(error).kind == .notUnique {
            return false
        } catch is UniqueViolation {
            return false
        }
        return true
    }

    private func version(of table: String) throws -> Int? {
        try Int.fetchOne(db, sql: "SELECT version FROM server_tables WHERE name = ?", arguments: [table])
    }

    private func apply(
        _ operation: HostileSession.Operation, to records: inout MemoryRecords, now: Timestamp
    ) throws -> Bool {
        switch operation {
        case .script(let sql): try db.execute(sql: sql)
        case .statement(let sql, let arguments, let changed, let isRelied):
            let found = try SQLiteSession(db, clock: { now }).execute(sql, arguments) { _ in }
            if found != changed, isRelied {
                faults.note("another write changed what this one relied on: \(sql)")
            }
        case .insert(let place, let table, let document, let note):
            guard records.places[place]?.name == table, records.text(document.id, in: place) == nil else {
                return false
            }
            try records.put(document.text, id: document.id, in: place)
            try log(ChangeLog.Entry(id: document.id, kind: .created, note: note), of: table)
        case .replace(let place, let table, let id, let old, let new, let note):
            guard records.places[place]?.name == table else { return false }
            checkOld(records.text(id, in: place), old, id)
            try records.put(new, id: id, in: place)
            try log(ChangeLog.Entry(id: id, kind: .updated, note: note, before: old), of: table)
        case .delete(let place, let table, let id, let old, let note):
            guard records.places[place]?.name == table else { return false }
            checkOld(records.text(id, in: place), old, id)
            records.delete(id, in: place)
            try log(ChangeLog.Entry(id: id, kind: .deleted, note: note, before: old), of: table)
        case .make(let definition):
            if records.place(of: definition.name) != nil { return false }
            _ = records.make(definition)
            try ChangeLog.renew(definition.name, in: sql)
        case .alter(let place, let definition):
            try records.alter(place, to: definition)
            try ChangeLog.renew(definition.name, in: sql)
        case .drop(let place):
            if let name = records.places[place]?.name { try ChangeLog.renew(name, in: sql) }
            records.drop(place)
        }
        return true
    }

    private var sql: SQLiteSession { SQLiteSession(db, clock: { now }) }

    /// Positions are given when a write is committed.
    private func log(_ entry: ChangeLog.Entry, of table: String) throws {
        var first: Int64?
        if let last = try ChangeLog.append([entry], table: table, first: &first, in: sql) { written.set(last) }
    }

    private func checkOld(_ found: [UInt8]?, _ old: [UInt8], _ id: String) {
        if found != old { faults.note("another write changed the record \(id), which was locked") }
    }
}
