import BkendWire
import GRDB
import Testing

@testable import BkendSync

@Suite("A commit that fails")
struct FailedCommitTests {
    @Test("What it would have made is remembered nowhere: a table made later has the lost one's number")
    func forgotten() throws {
        let fixture = try StoreFixture()
        try fixture.queue.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE parent (id INTEGER PRIMARY KEY);
                    CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
                    """)
        }
        #expect(throws: (any Error).self) {
            try fixture.store.write { transaction in
                _ = try transaction.writes.create("lost", ["n": 1])
                // Found at the commit alone.
                try transaction.db.execute(sql: "INSERT INTO child VALUES (1)")
            }
        }
        let kept = try fixture.create(["n": 2], in: "kept")
        #expect(try fixture.visible(kept, in: "lost") == nil)
        let later = try fixture.create(["n": 3], in: "lost")
        #expect(try fixture.visible(later, in: "lost")?["n"] == 3)
        #expect(try fixture.visible(later, in: "kept") == nil)
        #expect(try fixture.visible(kept, in: "kept")?["n"] == 2)
    }
}
