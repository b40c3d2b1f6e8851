import FaultDisk
import Synchronization
import Testing

/// How a run of commits looks after the power went at some moment.
private enum Verdict: Hashable {
    /// What had returned is there, at most the commit under way besides.
    case whole
    /// A sound database that lacks a commit that had returned.
    case lost
    /// The database or a transaction in it is broken.
    case broken
}

@Suite struct PowerCutTests {
    /// Makes 12 commits of several pages, cuts the power before each call of the given kinds, and judges what is found.
    private static func verdicts(
        _ journal: String, _ synchronous: String, _ cut: FaultDisk.PowerCut, seeds: Range<UInt64> = 0..<3
    ) throws -> [Verdict: Int] {
        let disk = FaultDisk()
        let returned = Mutex(0)
        let found = Mutex<[(disk: FaultDisk, returned: Int)]>([])
        try {
            let connection = try Connection(disk, "journal_mode = \(journal)", "synchronous = \(synchronous)")
            try connection.run("CREATE TABLE parts (number INTEGER, part INTEGER, filler BLOB)")
            try connection.run("CREATE INDEX by_part ON parts (part)")
            try disk.observing([.write, .truncate, .sync, .delete]) { _ in
                let now = returned.withLock { $0 }
                for seed in seeds {
                    let image = disk.afterPowerCut(cut, seed: seed)
                    found.withLock { $0.append((image, now)) }
                }
            } during: {
                for number in 1...12 {
                    let rows = (1...3).map { "(\(number), \($0), zeroblob(3000))" }.joined(separator: ", ")
                    try connection.run("INSERT INTO parts VALUES \(rows)")
                    if number == 8 { try connection.run("PRAGMA wal_checkpoint(TRUNCATE)") }
                    returned.withLock { $0 = number }
                }
            }
        }()
        var verdicts: [Verdict: Int] = [:]
        for image in found.withLock({ $0 }) { verdicts[judge(image.disk, returned: image.returned), default: 0] += 1 }
        return verdicts
    }

    private static func judge(_ disk: FaultDisk, returned: Int) -> Verdict {
        guard let connection = try? Connection(disk),
            let check = try? connection.texts("PRAGMA integrity_check"), check == ["ok"],
            let tables = try? connection.texts("SELECT name FROM sqlite_schema WHERE name = 'parts'")
        else { return .broken }
        if tables.isEmpty { return .lost }
        guard let counts = try? connection.texts("SELECT count(*) FROM parts GROUP BY number ORDER BY number"),
            let last = try? connection.texts("SELECT coalesce(max(number), 0) FROM parts").first.flatMap({ Int($0) }),
            counts == Array(repeating: "3", count: last)
        else { return .broken }
        return last >= returned ? .whole : .lost
    }

    @Test(
        "A write-ahead log synced in full loses nothing, wherever the power goes",
        arguments: FaultDisk.PowerCut.allCases)
    func logSyncedInFull(_ cut: FaultDisk.PowerCut) throws {
        let verdicts = try Self.verdicts("WAL", "FULL", cut)
        #expect(verdicts[.whole, default: 0] > 300)
        #expect(Set(verdicts.keys) == [.whole])
    }

    @Test(
        "A rollback journal synced in full, and its folder too, loses nothing", arguments: FaultDisk.PowerCut.allCases)
    func journalSyncedExtra(_ cut: FaultDisk.PowerCut) throws {
        let verdicts = try Self.verdicts("DELETE", "EXTRA", cut)
        #expect(Set(verdicts.keys) == [.whole])
    }

    // https://www.sqlite.org/pragma.html#pragma_synchronous: only EXTRA syncs the folder after a journal went.
    @Test("Without the folder's sync a deleted journal comes back and undoes a commit, but nothing is broken")
    func journalSyncedInFull() throws {
        let verdicts = try Self.verdicts("DELETE", "FULL", .reordered)
        #expect(verdicts[.lost, default: 0] > 0)
        #expect(verdicts[.broken] == nil)
    }

    @Test(
        "A log synced at checkpoints only loses commits, but nothing is broken", arguments: FaultDisk.PowerCut.allCases)
    func logSyncedSeldom(_ cut: FaultDisk.PowerCut) throws {
        let verdicts = try Self.verdicts("WAL", "NORMAL", cut)
        #expect(verdicts[.lost, default: 0] > 0)
        #expect(verdicts[.broken] == nil)
    }

    @Test("Without syncs commits are lost and databases broken", arguments: FaultDisk.PowerCut.allCases)
    func neverSynced(_ cut: FaultDisk.PowerCut) throws {
        let log = try Self.verdicts("WAL", "OFF", cut)
        #expect(log[.lost, default: 0] + log[.broken, default: 0] > 0)
        let journal = try Self.verdicts("DELETE", "OFF", cut)
        #expect(journal[.broken, default: 0] > 0)
    }

    @Test("A cut shows the same disk for the same seed, others for others, and leaves the disk as it is")
    func seeds() throws {
        let disk = FaultDisk()
        let connection = try Connection(disk, "journal_mode = WAL", "synchronous = OFF")
        try connection.run("CREATE TABLE notes (text)")
        for number in 1...50 { try connection.run("INSERT INTO notes VALUES ('note \(number)')") }
        let unsynced = try #require(disk.unsynced(of: "/test.sqlite-wal"))
        #expect(unsynced > 50 * 4096)
        func found(_ seed: UInt64) -> String {
            let image = disk.afterPowerCut(.ordered, seed: seed)
            let rows = (try? Connection(image).texts("SELECT count(*) FROM notes").first) ?? nil
            return "\(rows ?? "none") \(image.size(of: "/test.sqlite-wal") ?? -1)"
        }
        #expect((0..<20).map { found($0) } == (0..<20).map { found($0) })
        #expect(Set((0..<20).map { found($0) }).count > 3)
        #expect(disk.unsynced(of: "/test.sqlite-wal") == unsynced)
        #expect(try connection.texts("SELECT count(*) FROM notes") == ["50"])
        #expect(try Connection(disk.afterKill()).texts("SELECT count(*) FROM notes") == ["50"])
    }

    @Test("A file whose folder was never synced may be gone with its name")
    func names() throws {
        let disk = FaultDisk()
        let connection = try Connection(disk, "journal_mode = MEMORY", "synchronous = FULL")
        try connection.run("CREATE TABLE notes (text)")
        #expect(disk.unsynced(of: "/test.sqlite") == 0)
        let sizes = (0..<20).map { disk.afterPowerCut(.ordered, seed: $0).size(of: "/test.sqlite") }
        #expect(sizes.contains(nil))
        #expect(sizes.contains(8192))
        withExtendedLifetime(connection) {}
    }
}
