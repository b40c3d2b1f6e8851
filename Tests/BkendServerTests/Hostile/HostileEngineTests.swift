import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// The hostile storage itself: it must find what it is there to find.
@Suite("The hostile storage") struct HostileEngineTests {
    private static func withStore(
        _ body: (EnvironmentStore, HostileFaults) async throws -> Void
    ) async throws {
        let source = HostileSource(clock: { .systemNow })
        let store = try source.storage(of: EnvironmentName(project: "p", environment: "e"))
        try store.engine.prepareAccounts()
        _ = try store.apply(["tables": [["name": "t"]]])
        try await store.write(locking: []) { session in
            let text = #"{"id":"a","n":0}"#
            try session.apply(
                [.insert(NewDocument(id: "a", checked: Array(text.utf8)), RecordStore.note)],
                to: session.existingTable("t"))
        }
        try await body(store, source.faults)
    }

    private static func count(
        _ session: any StorageTransaction, read: (Table) throws -> DocumentText?
    ) throws {
        let table = try session.existingTable("t")
        guard let old = try read(table) else { return }
        var record = try old.json
        record["n"] = .int((record["n"]?.intValue ?? 0) + 1)
        try session.apply([.replace(id: "a", old: old.bytes, new: record.serialized(), RecordStore.note)], to: table)
    }

    private static func n(_ store: EnvironmentStore) throws -> JSON? {
        try store.engine.readNow { try $0.document("a", in: $0.existingTable("t"))?.json["n"] }
    }

    @Test("Writes that lock what they change count right, whether they say so before or while they run")
    func locked() async throws {
        try await Self.withStore { store, faults in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    let locks: Set<StorageLock> = number % 2 == 0 ? [.document(table: "t", id: "a")] : []
                    group.addTask {
                        try await store.write(locking: locks) { session in
                            try Self.count(session) { try session.documentForWriting("a", in: $0) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try Self.n(store) == 20)
            #expect(faults.all.isEmpty, "\(faults.all)")
        }
    }

    @Test("A record that is written by what was read without a lock is found")
    func unlocked() async throws {
        try await Self.withStore { store, faults in
            try await store.write(locking: []) { session in
                try Self.count(session) { try session.document("a", in: $0) }
            }
            #expect(faults.all.contains { $0.contains("without reading it for writing") })
        }
    }

    @Test("An account that is written by what was read without a lock is found")
    func unlockedAccount() async throws {
        try await Self.withStore { store, faults in
            try await store.write(locking: []) { session in
                guard try session.count("SELECT count(*) FROM account_users") == 0 else { return }
                try session.execute("UPDATE account_users SET role = 'admin'")
            }
            #expect(faults.all.contains { $0.contains("without a lock") })
        }
    }

    @Test("A body that goes on after an error of the storage is found")
    func careless() async throws {
        try await Self.withStore { store, faults in
            for _ in 0..<5 {
                try await store.write(locking: []) { session in
                    for _ in 0..<5 { _ = try? session.count("SELECT count(*) FROM account_users") }
                }
            }
            #expect(faults.all.contains { $0.contains("went on after an error") })
        }
    }

    @Test("A refused write leaves nothing, and bodies run more than once")
    func twice() async throws {
        struct Stop: Error {}
        try await Self.withStore { store, faults in
            let runs = Counter()
            await #expect(throws: Stop.self) {
                try await store.write(locking: [.document(table: "t", id: "a")]) { session in
                    runs.add()
                    try Self.count(session) { try session.documentForWriting("a", in: $0) }
                    throw Stop()
                }
            }
            let n = try Self.n(store)
            #expect(runs.count > 1 && n == 0)
            #expect(faults.all.isEmpty, "\(faults.all)")
        }
    }
}
