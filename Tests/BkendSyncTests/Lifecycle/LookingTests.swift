import BkendDocuments
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendSync

/// A tool that looks into an app's store changes nothing that the app has to find.
@Suite("Looking into a store")
struct LookingTests {
    /// A closed store with one write, by its location.
    private func run(_ body: (StoreLocation) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        let store = try await OpenStore.open(root: root, name: "main", owner: "ann", server: "test")
        _ = try await store.write { try $0.writes.create("notes", ["n": 1]) }
        await store.close()
        let present = StoreLocation.present(root: root, name: "main")
        let owners = present.map(\.owner)
        #expect(owners == ["ann"])
        try await body(try #require(present.first).location)
    }

    private func refusal(_ location: StoreLocation) async -> String {
        do {
            await (try await OpenStore.looking(at: location, owner: "ann")).close()
            return ""
        } catch { return "\(error)" }
    }

    @Test("A sound store opens")
    func sound() async throws {
        try await run { location in #expect(await refusal(location) == "") }
    }

    @Test("A damaged store is left to the app: marked, or without its log")
    func damaged() async throws {
        try await run { location in
            DamageMark.note("found", beside: location.path)
            #expect(await refusal(location).contains("start the app"))
            let mark = try DamageMark.read(beside: location.path)
            #expect(mark != nil)
            #expect(FileManager.default.fileExists(atPath: location.path))
        }
        try await run { location in
            try StorePresence(database: location.path).write(.needsLog)
            try? FileManager.default.removeItem(atPath: location.path + "-wal")
            #expect(await refusal(location).contains("start the app"))
        }
    }

    @Test("A store of an earlier format isn't migrated")
    func earlier() async throws {
        try await run { location in
            let database = try StoreDatabase.open(path: location.path, owner: "ann")
            try database.write { try $0.setMeta("format", "\(StoreSchema.format - 1)") }
            await OpenStore(database).close()
            #expect(await refusal(location).contains("earlier version"))
        }
    }
}
