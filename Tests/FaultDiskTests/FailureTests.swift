import CSQLite
import FaultDisk
import Testing

@Suite struct FailureTests {
    private static func prepared(_ disk: FaultDisk, _ settings: String = "journal_mode = WAL") throws -> Connection {
        let connection = try Connection(disk, settings, "synchronous = FULL")
        try connection.run("CREATE TABLE notes (text)")
        try connection.run("INSERT INTO notes VALUES ('first')")
        return connection
    }

    private static func code(_ body: () throws -> Void) -> Int32? {
        do { try body() } catch let failure as Connection.Failure { return failure.code } catch { return nil }
        return SQLITE_OK
    }

    @Test("A call fails with its kind's code, once, and the next try succeeds")
    func codes() throws {
        let disk = FaultDisk()
        let connection = try Self.prepared(disk)
        let kinds: [(FaultDisk.Calls, Int32)] = [
            (.write, Int32(SQLITE_IOERR | 3 << 8)), (.sync, Int32(SQLITE_IOERR | 4 << 8)),
            (.sharedLock, Int32(SQLITE_IOERR | 20 << 8)),
        ]
        for (kind, code) in kinds {
            disk.fail(kind, after: 0)
            #expect(Self.code { try connection.run("INSERT INTO notes VALUES ('more')") } == code)
            #expect(disk.failures == 1)
            if connection.isInTransaction { try connection.run("ROLLBACK") }
            try connection.run("INSERT INTO notes VALUES ('more')")
        }
        disk.fail(.open, after: 0)
        #expect(Self.code { _ = try Connection(disk, "user_version") } == SQLITE_CANTOPEN)
        disk.heal()
        #expect(try connection.texts("SELECT count(*) FROM notes") == ["4"])
    }

    @Test("Failures begin after the calls that are let through, and end after their number")
    func counts() throws {
        let disk = FaultDisk()
        let connection = try Self.prepared(disk)
        disk.heal(counting: .sync)
        try connection.run("INSERT INTO notes VALUES ('counted')")
        #expect(disk.calls == 1)
        disk.fail(.sync, after: 1, times: 2)
        let codes = (1...4).map { _ in Self.code { try connection.run("INSERT INTO notes VALUES ('x')") } }
        #expect(codes.map { $0 == SQLITE_OK } == [true, false, false, true])
        disk.fail(.write, after: 0, times: nil, code: SQLITE_FULL)
        let full = (1...5).map { _ in Self.code { try connection.run("INSERT INTO notes VALUES ('x')") } }
        #expect(full == Array(repeating: SQLITE_FULL, count: 5))
        #expect(try connection.texts("SELECT count(*) FROM notes") == ["4"])
        disk.heal()
        try connection.run("INSERT INTO notes VALUES ('x')")
    }

    // fsync's errors are reported once, and the pages count as clean from then on (https://wiki.postgresql.org/wiki/Fsync_Errors).
    @Test("What a failed sync forgot, a later sync doesn't bring back")
    func failedSync() throws {
        let disk = FaultDisk()
        let connection = try Self.prepared(disk)
        try connection.run("PRAGMA synchronous = OFF")
        for number in 1...40 { try connection.run("INSERT INTO notes VALUES ('lost \(number)')") }
        try connection.run("PRAGMA synchronous = FULL")
        var lost = false
        for seed in 0..<8 where !lost {
            disk.fail(.sync, after: 0, seed: UInt64(seed))
            #expect(throws: Connection.Failure.self) { try connection.run("INSERT INTO notes VALUES ('refused')") }
            disk.heal()
            try connection.run("INSERT INTO notes VALUES ('kept')")
            #expect(disk.unsynced(of: "/test.sqlite-wal") == 0)
            let image = disk.afterPowerCut(.ordered, seed: 1)
            lost =
                try Connection(image).texts("SELECT count(*) FROM notes")
                != connection.texts("SELECT count(*) FROM notes")
        }
        #expect(lost)
    }

    @Test("A write that fails may have written a part")
    func tornWrites() throws {
        let sizes = try (0..<10).map { seed in
            let disk = FaultDisk()
            let connection = try Self.prepared(disk)
            let before = try #require(disk.size(of: "/test.sqlite-wal"))
            disk.fail(.write, after: 1, seed: UInt64(seed))
            #expect(throws: Connection.Failure.self) { try connection.run("INSERT INTO notes VALUES ('torn')") }
            disk.heal()
            return try #require(disk.size(of: "/test.sqlite-wal")) - before
        }
        #expect(Set(sizes).count > 3)
    }
}
