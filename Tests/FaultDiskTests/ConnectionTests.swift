import CSQLite
import FaultDisk
import Foundation
import Testing

@Suite struct ConnectionTests {
    @Test("A database is kept under every journal mode", arguments: ["DELETE", "TRUNCATE", "PERSIST", "WAL", "MEMORY"])
    func modes(_ mode: String) throws {
        let disk = FaultDisk()
        try {
            let connection = try Connection(disk)
            #expect(try connection.texts("PRAGMA journal_mode = \(mode)") == [mode.lowercased()])
            try connection.run("CREATE TABLE notes (text)")
            for number in 1...200 { try connection.run("INSERT INTO notes VALUES ('\(number)')") }
            // More than the cache holds: what a sort spills lies in files without a name.
            try connection.run("PRAGMA cache_size = 10; PRAGMA temp_store = FILE")
            let sorted = """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                SELECT count(*) FROM (SELECT hex(randomblob(40)) AS h FROM n ORDER BY h)
                """
            #expect(try connection.texts(sorted) == ["20000"])
        }()
        let connection = try Connection(disk)
        #expect(try connection.texts("SELECT count(*) FROM notes") == ["200"])
        #expect(try connection.texts("PRAGMA integrity_check") == ["ok"])
    }

    @Test("Readers of a log keep their snapshot while one writes; two don't write at once")
    func snapshots() throws {
        let disk = FaultDisk()
        let writer = try Connection(disk, "journal_mode = WAL")
        try writer.run("CREATE TABLE notes (text); INSERT INTO notes VALUES ('one')")
        let reader = try Connection(disk)
        let other = try Connection(disk)
        try reader.run("BEGIN")
        #expect(try reader.texts("SELECT count(*) FROM notes") == ["1"])
        try writer.run("INSERT INTO notes VALUES ('two')")
        #expect(try reader.texts("SELECT count(*) FROM notes") == ["1"])
        #expect(try other.texts("SELECT count(*) FROM notes") == ["2"])
        try writer.run("BEGIN IMMEDIATE")
        #expect(throws: Connection.Failure.self) { try other.run("BEGIN IMMEDIATE") }
        try writer.run("COMMIT")
        try reader.run("COMMIT")
        #expect(try reader.texts("SELECT count(*) FROM notes") == ["2"])
    }

    @Test("Connections on threads take turns and lose no increment", arguments: ["WAL", "DELETE"])
    func turns(_ mode: String) throws {
        let disk = FaultDisk()
        let connection = try Connection(disk, "journal_mode = \(mode)")
        try connection.run("CREATE TABLE counter (value INTEGER); INSERT INTO counter VALUES (0)")
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            do {
                let own = try Connection(disk, "busy_timeout = 60000")
                for _ in 1...50 {
                    try own.run("BEGIN IMMEDIATE; UPDATE counter SET value = value + 1; COMMIT")
                }
            } catch {
                Issue.record(error)
            }
        }
        #expect(try connection.texts("SELECT value FROM counter") == ["200"])
        #expect(try connection.texts("PRAGMA integrity_check") == ["ok"])
    }
}
