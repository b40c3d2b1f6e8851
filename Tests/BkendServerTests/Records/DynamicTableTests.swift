import BkendDocuments
import BkendTesting
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendServer

@Suite struct DynamicTableTests {
    @Test("Past the limit a first POST is 403 that says so; tables that are there go on, and dropping one makes room")
    func limit() async throws {
        try await withServer(tables: ["tables": [["name": "applied"], ["name": "other"]]]) {
            $0.isDynamic = true
            $0.limits.dynamicTables = 2
        } _: { server in
            for name in ["one", "two"] {
                #expect(try await server.admin.post("/v1/\(name)", ["a": 1]).status == 201)
            }
            let refused = try await server.admin.post("/v1/three", ["a": 1])
            #expect(refused.status == 403 && refused.code == "data/permission-denied")
            #expect(refused.message.contains("as many tables for first records as it may (2)"))
            #expect(refused.message.contains("--dynamic-limit"))
            #expect(try await server.admin.get("/v1/three").status == 404)
            for name in ["one", "applied"] {
                #expect(try await server.admin.post("/v1/\(name)", ["a": 1]).status == 201)
            }
            try server.apply(["tables": [["name": "three"]]])
            #expect(try await server.admin.post("/v1/three", ["a": 1]).status == 201)
            #expect(try await server.admin.post("/v1/four", ["a": 1]).status == 403)
        }
    }

    @Test("A table that was dropped makes room, and a database of the format before is brought up to date")
    func drop() throws {
        try Self.withStore { store, path in
            try Self.create("a", atMost: 1, in: store)
            #expect(throws: ErrorBody.self) { try Self.create("b", atMost: 1, in: store) }
            #expect(store.dynamicTableCount == 1)
            _ = try store.drop("a")
            #expect(store.dynamicTableCount == 0)
            try store.engine.writeNow(locking: [.definitions]) { session in
                try session.script("DROP TABLE server_dynamic_tables; UPDATE server_catalog SET format = 1")
                for name in ["server_log", "server_log_end", "server_log_tables"] {
                    try session.script("DROP TABLE \(name)")
                }
            }
            // Nobody else has the copy open.
            try SQLiteFile.copy(path, to: path + "-copy")
            #expect(EnvironmentStore(try SQLiteEngine(path: path + "-copy")).dynamicTableCount == 0)
        }
    }

    @Test("A request runs as many statements in an environment of many tables as in one of few")
    func flat() throws {
        try Self.withStore { store, _ in
            var counts: [Int] = []
            for number in 0..<60 {
                try Self.create("t\(number)", atMost: 100, in: store)
                // The first request after someone has made a table, by another name.
                counts.append(
                    try store.engine.readNow { session in
                        let db = try #require(session as? SQLiteStorageSession).db
                        var statements = 0
                        db.trace { _ in statements += 1 }
                        let table = try session.table("t0")
                        db.trace(options: [])
                        #expect(table?.name == "t0")
                        return statements
                    })
            }
            #expect(counts.dropFirst(4).allSatisfy { $0 == 1 }, "\(counts)")
            #expect(try store.engine.readNow { try $0.tables.count } == 60)
            #expect(store.tableCount == 60)
        }
    }

    @Test("What a write reads of tables is kept only if it is committed")
    func rolledBack() throws {
        struct Stop: Error {}
        try Self.withStore { store, _ in
            func schema(_ type: String) -> JSON {
                ["tables": [["name": "t", "schema": ["properties": ["n": ["type": .string(type)]]]]]]
            }
            func kind() throws -> FieldSchema.Kind? {
                try store.engine.readNow { try $0.table("t")?.definition.schema["n"]?.kind }
            }
            _ = try store.apply(schema("int"))
            #expect(throws: Stop.self) {
                try store.engine.writeNow(locking: [.definitions]) { session in
                    let found = try session.table("t")
                    let table = try #require(found)
                    let new = try BkendWire.TableDefinition.tables(schema("bool"))[0]
                    try TableStore.alter(table, to: new, in: session)
                    // The same version as the next one that is committed.
                    let db = try #require(session as? SQLiteStorageSession).db
                    let altered = try TableCatalog(in: db, cache: TableCache(), isWriting: true)["t"]
                    #expect(altered?.version == 2)
                    throw Stop()
                }
            }
            #expect(try kind() == .int)
            _ = try store.apply(schema("string"))
            #expect(try kind() == .string)
        }
    }

    static func withStore(_ body: (EnvironmentStore, String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "dev.sqlite").path
        try body(EnvironmentStore(SQLiteEngine(path: path)), path)
    }

    private static func create(_ name: String, atMost most: Int, in store: EnvironmentStore) throws {
        _ = try store.engine.writeNow(locking: [.definitions]) { session in
            try DynamicTable.create(name, atMost: most, in: session).version
        }
    }
}

/// The place of a table in a database of its own.
func withPlace(_ body: (any TablePlace) throws -> Void) throws {
    try DynamicTableTests.withStore { store, _ in
        try body(
            store.engine.writeNow(locking: [.definitions]) { session in
                try DynamicTable.create("t", atMost: 1, in: session).place
            })
    }
}
