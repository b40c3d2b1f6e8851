import BkendWire
import Foundation
import Testing

@testable import BkendSync

/// What a local write costs must not depend on how many wait already. It is counted in steps of SQLite's machine, on
/// every connection of the store: the same for the same work on any computer.
@Suite(.timeLimit(.minutes(10))) struct OutboxGrowthTests {
    /// What goes on in the store beside the writes.
    enum Beside: CaseIterable {
        /// Nothing.
        case nothing
        /// A live query of the newest twenty.
        case newest
        /// A live query of twenty by a field without an index.
        case first
        /// A live query of everything.
        case everything
        /// Somebody reads the outbox's counts after each change.
        case counts
        /// The same while an entry is stuck, and another one waits for it.
        case stuck
        /// Synchronisation, without a network.
        case offline
        /// Synchronisation with a server that isn't reached.
        case unreachable
    }

    private static func note(_ number: Int) -> JSONObject {
        ["number": .int(Int64(number)), "title": .string("Note \(900_000 - number)")]
    }

    /// `BKEND_WAITING=100000` asks for more, and prints what was counted.
    @Test("The 2,000th waiting create costs what the 100th does", arguments: Beside.allCases)
    func creates(beside: Beside) async throws {
        let asked = ProcessInfo.processInfo.environment["BKEND_WAITING"].flatMap(Int.init)
        let waiting = max(asked ?? 2_000, 200)
        try await ObservedStore.run { store in
            let trace = StatementTrace(store.path)
            try await store.open.write { try $0.setFacts(TableFacts(uniqueFields: []), of: "notes") }
            let company = try await Company(beside, store)
            // A few at a time: what has to be heard of one fill must not be counted with what comes after it.
            func fill(_ numbers: Range<Int>) async throws {
                for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 100) {
                    let part = start..<min(start + 100, numbers.upperBound)
                    try await store.open.write { tx in
                        for number in part { _ = try tx.writes.create("notes", Self.note(number)) }
                    }
                    try await company.hear(of: part.upperBound)
                }
            }
            /// Twenty creates, each heard of by whoever is there.
            func steps(from count: Int) async throws -> Int {
                let before = trace.steps
                for number in count..<(count + 20) {
                    try await store.open.write { _ = try $0.writes.create("notes", Self.note(number)) }
                    try await company.hear(of: number + 1)
                }
                return trace.steps - before
            }
            try await fill(0..<100)
            let early = try await steps(from: 100)
            try await fill(120..<waiting)
            let late = try await steps(from: waiting)
            if asked != nil {
                print("beside \(beside): \(early / 20) steps a create, \(late / 20) with \(waiting) waiting")
            }
            #expect(early > 0 && Double(late) < 1.5 * Double(early), "\(early) steps, then \(late)")
            company.leave()
        }
    }
}

/// Whoever is there while others write.
private final class Company {
    private let store: ObservedStore
    private let beside: OutboxGrowthTests.Beside
    private var observation: QueryObservation?
    private var machine: EngineMachine?
    private var now = SyncInstant.zero

    init(_ beside: OutboxGrowthTests.Beside, _ store: ObservedStore) async throws {
        self.store = store
        self.beside = beside
        let query: Query? =
            switch beside {
            case .newest: Query(sort: [Query.Sort("createdAt", .descending)], page: Query.Page(offset: 0, limit: 20))
            case .first: Query(sort: [Query.Sort("title")], page: Query.Page(offset: 0, limit: 20))
            case .everything: Query(sort: [Query.Sort("title")], page: Query.Page(offset: 0, limit: .max))
            default: nil
            }
        if let query {
            observation = try store.open.observe(query, in: "notes")
            _ = await observation?.next()
        }
        if beside == .stuck {
            try await store.open.write { tx in
                let list = try tx.writes.create("lists", ["title": "List"])
                _ = try tx.writes.create("lists", ["parent": .string(list)])
                let create = try #require(tx.outbox.entries(of: "lists", list).first)
                try tx.sending.fail(create.sequence, because: EntryFailure(code: "no", message: "no"))
            }
        }
        guard beside == .offline || beside == .unreachable else { return }
        let machine = EngineMachine(
            store: try store.open.core.database, configuration: SyncConfiguration(server: "test"),
            random: SyncRandom(seed: 1))
        self.machine = machine
        tell(.sessionChanged(user: "ann"))
        tell(.start)
        if beside == .offline { tell(.networkChanged(reachable: false)) }
    }

    /// Waits until it knows of the newest note.
    func hear(of count: Int) async throws {
        if let observation {
            let newest = Int64(count - 1)
            func isHeard(_ result: ObservedResult) throws -> Bool {
                try result.rows.contains { try $0.document.json["number"]?.intValue == newest }
            }
            while let result = await observation.next() { if try isHeard(result) { break } }
        }
        if beside == .counts {
            let counts = try await store.open.read { try $0.outbox.entryCounts() }
            #expect(counts == [.queued: count])
        }
        if beside == .stuck {
            let (counts, isToSend) = try await store.open.read {
                (try $0.outbox.entryCounts(), try $0.queue.hasEntriesToSend(besides: []))
            }
            #expect(counts == [.queued: count, .failed: 1, .blocked: 1] && isToSend)
        }
        tell(.localWrite)
        now = now.advanced(by: .milliseconds(60))
        tell(.timer)
    }

    func leave() { observation?.observation.end() }

    /// Nothing that it sends gets anywhere.
    private func tell(_ event: EngineEvent) {
        guard let machine else { return }
        var open = machine.handle(event, at: now)
        while let effect = open.popLast() {
            guard case .send(let id, _) = effect else { continue }
            open += machine.handle(.answered(id, .notSent(SyncFailure(.unreachable, "no route"))), at: now)
        }
    }
}
