import BkendDocuments
import BkendWire
import Foundation
import Testing

@testable import BkendSync

@Suite struct StoreProcessTests {
    /// `make processes` asks for 10,000 each.
    private static let asked = ProcessInfo.processInfo.environment["BKEND_PROCESS_WRITES"].flatMap(Int.init)
    private static let writes = asked ?? 300
    private static let isLong = asked != nil

    @Test("Four processes write to one store and are killed at random: no write that returned is lost")
    func fourProcessesWrite()
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let clock = ContinuousClock()
        let start = clock.now
        let processes = try await WritingProcesses.ran(folder: folder, writers: 4, writes: Self.writes, killEvery: 40)
        let time = start.duration(to: clock.now)
        #expect(processes.kills >= Self.writes / 30)

        let store = try StoreDatabase.open(path: folder + "/store.sqlite", owner: "ann")
        #expect(store.damage == nil)
        #expect(try StoreAudit.faults(store) == [])
        var twins = 0
        for (writer, told) in processes.told.enumerated() { twins += try Self.judge(told, of: writer, store) }
        #expect(twins <= processes.kills)
        guard Self.isLong else { return }
        let total = 4 * Self.writes
        print("\(total) writes by 4 processes in \(time), \(Int(Double(total) / (time / .seconds(1)))) a second;")
        print("\(processes.kills) kills, \(twins) writes made again after one;")
        print("\(try store.read { try $0.outbox.entryCount() }) entries in the outbox")
    }

    /// Compares a writer's records and entries with what it told; how many of its creates came twice.
    private static func judge(_ told: WritingProcesses.Told, of writer: Int, _ store: StoreDatabase) throws -> Int {
        let mine = Condition("writer", [.equals(.int(Int64(writer)))])
        let query = Query(filter: .condition(mine), sort: [.init("id")], page: .init(1, limit: .max))
        return try store.read { snapshot in
            var records: [Int: [String: JSONObject]] = [:]
            for text in try snapshot.documents.find(query, in: "notes") {
                let record = try text.json
                guard case .int(let number) = record["number"], let id = record["id"]?.stringValue else { continue }
                records[Int(number), default: [:]][id] = record
            }
            var twins = 0
            for number in told.records.keys.sorted() where number % 10 <= 5 {
                let found = records.removeValue(forKey: number) ?? [:]
                if number % 10 == 4 {
                    #expect(found.isEmpty == (told.records[number + 5] != nil), "\(writer): \(number) deleted")
                    continue
                }
                let id = told.records[number] ?? "-"
                #expect(found[id] != nil, "\(writer): \(number) is lost")
                twins += found.count - 1
                for (id, record) in found { try judge(record, id, number, told, snapshot) }
            }
            #expect(records.isEmpty, "\(writer): records that nobody made")
            #expect(twins <= told.interrupted.count)
            return twins
        }
    }

    private static func judge(
        _ record: JSONObject, _ id: String, _ number: Int, _ told: WritingProcesses.Told, _ snapshot: StoreSnapshot
    ) throws {
        let touched = number % 10 <= 2 && told.records[number + 6] != nil
        #expect(record["touched"] == (touched ? JSON.int(Int64(number + 6)) : JSON?.none), "\(id)")
        let entries = try snapshot.outbox.entries(of: "notes", id)
        #expect(entries.first?.kind == .create, "\(id) has no create in the outbox")
        let sent = entries.reduce(into: JSONObject()) { sent, entry in
            for (key, value) in entry.fields { sent[key] = value }
        }
        #expect(sent["number"] == .int(Int64(number)) && sent["touched"] == record["touched"], "\(id)'s entries")
    }
}
