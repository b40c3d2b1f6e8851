import BkendSync
import BkendWire
import GRDB
import Testing

@Suite("Change log")
struct ChangeLogTests {
    @Test("One transaction leaves one row for each record that is another than before")
    func rows() throws {
        let fixture = try StoreFixture()
        try fixture.allowFolding()
        try fixture.receive(["id": "a", "n": 1], ["id": "b", "n": 1])
        let rows = try fixture.changes {
            try fixture.store.write { tx in
                try tx.writes.update("notes", "a", set: ["n": 2])
                try tx.writes.update("notes", "a", set: ["n": 3])
                let gone = try tx.writes.create("notes", ["n": 1])
                try tx.writes.delete("notes", gone)
            }
        }
        #expect(rows.map(\.record) == ["a"])
        #expect(rows.map(\.kind) == [.document])
    }

    @Test("A change of the sync state alone is told as that")
    func state() throws {
        let fixture = try StoreFixture()
        let id = try fixture.create(["n": 1])
        let sent = try fixture.send(id)
        let rows = try fixture.changes { try fixture.fail(sent) }
        #expect(rows.map(\.kind) == [.state])
        #expect(
            try fixture.changes { try fixture.store.write { try $0.decisions.retry(sent.sequence) } }.map(\.kind) == [
                .state
            ])
        #expect(try fixture.changes { try fixture.send(id) }.isEmpty)
    }

    @Test("Rows equal to what is stored leave none")
    func equalRows() throws {
        let fixture = try StoreFixture()
        try fixture.receive(["id": "a", "n": 1, "o": ["x": 1, "y": 2]])
        #expect(try fixture.changes { try fixture.receive(["id": "a", "o": ["y": 2, "x": 1], "n": 1.0]) }.isEmpty)
    }

    @Test("The log keeps its newest rows; a reader that fell behind is told")
    func trimming() throws {
        let fixture = try StoreFixture(changeLimit: 3)
        for number in 1...5 { try fixture.receive(["id": "a", "n": .int(Int64(number))]) }
        #expect(try fixture.store.read { try $0.changes.rows(after: 1) } == .fellBehind(latest: 5))
        guard case .rows(let rows) = try fixture.store.read({ try $0.changes.rows(after: 2) }) else {
            Issue.record("the rows are gone")
            return
        }
        #expect(rows.map(\.sequence) == [3, 4, 5])
        #expect(try fixture.store.read { try $0.changes.rows(after: 5) } == .rows([]))
    }

    @Test("A long log is trimmed when a tenth of it has become too old")
    func trimmingByTenths() throws {
        let fixture = try StoreFixture(changeLimit: 20)
        var lengths: [Int64] = []
        for number in 1...60 {
            try fixture.receive(["id": "a", "n": .int(Int64(number))])
            lengths.append(
                try fixture.queue.read { try Int64.fetchOne($0, sql: "SELECT count(*) FROM sync_changes") ?? 0 })
        }
        #expect(Array(lengths.prefix(20)) == Array(1...20))
        #expect(lengths.dropFirst(20).allSatisfy { (20...22).contains($0) })
        #expect(lengths.max() == 22)
    }
}
