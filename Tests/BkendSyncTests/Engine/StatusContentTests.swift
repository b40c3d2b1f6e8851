import BkendWire
import GRDB
import Testing

@testable import BkendSync

/// The status goes into logs: no server's word that may quote a value stands in it.
@Suite struct StatusContentTests {
    let server: ScriptedServer
    let device: ScriptedDevice
    private static let secret = "4711-secret"

    init() throws {
        server = try ScriptedServer()
        device = try ScriptedDevice(server)
    }

    private func refuse(_ code: ErrorCode, when isMeant: @escaping (SyncRequest) -> Bool) {
        let error = ErrorBody(code, "the value \(Self.secret) is not what it should be")
        let answer = SyncAnswer(status: error.status, date: server.now, body: error.json.serialized())
        device.fate = { isMeant($0) ? .answer(answer) : .deliver }
    }

    @Test("A refused write: the status has its code, HTTP status and table; the server's words stand in the entry")
    func refusedWrite() throws {
        refuse(.duplicateValue) { $0.operation.name == "create" }
        device.start()
        try device.write { _ = try $0.writes.create("notes", ["title": .string(Self.secret)]) }
        // The lookup that follows is a success, after which there is no last error.
        let refused = device.fate
        var problems: [SyncProblem] = []
        device.fate = { [device] request in
            let status = device.machine.status
            #expect(!"\(status)".contains(Self.secret))
            if let problem = status.lastError { problems.append(problem) }
            return refused(request)
        }
        try device.run()
        device.fate = refused
        let problem = try #require(problems.first)
        #expect(problem.code == .duplicateValue && problem.status == 409 && problem.table == "notes")
        #expect(problem.operation == "create" && problem.description.contains("409"))
        #expect(try device.outbox().first?.failure?.message.contains(Self.secret) == true)
    }

    @Test("A refused list: the subscription is paused with the code")
    func refusedList() throws {
        refuse(.invalidParameters) { $0.operation.name == "list" }
        device.start()
        let number = try device.subscribe()
        try device.run(for: .seconds(1))
        let status = device.machine.status
        #expect(status.subscriptions.map(\.phase) == [.paused(ErrorCode.invalidParameters.rawValue)])
        #expect(!"\(status)".contains(Self.secret))
        let kept = try device.store.read { try $0.subscriptions.subscription(number)?.progress }
        #expect(kept?.refusal != nil && !"\(kept?.json ?? [:])".contains(Self.secret))
    }

    @Test("A store that fails says why, without the record's id or field")
    func failingStore() throws {
        let reasons: [StoreError.Reason] = [
            .noSuchRecord, .namesDiscardedRecord(Self.secret), .malformedRow(Self.secret), .damaged(Self.secret),
            .invalidRecord(Self.secret), .invalidQuery(Self.secret),
        ]
        for reason in reasons {
            let problem = SyncProblem(
                store: StoreError(reason, table: "notes", record: Self.secret, field: Self.secret))
            #expect(problem.operation == "store" && problem.table == "notes" && !problem.message.isEmpty)
            #expect(!"\(problem)".contains(Self.secret), "\(reason)")
        }
        let full = DatabaseError(resultCode: .SQLITE_FULL, message: "disk is full", sql: "INSERT '\(Self.secret)'")
        #expect(SyncProblem(store: full).message.contains("disk is full"))
        #expect(!"\(SyncProblem(store: full))".contains(Self.secret))
        #expect(!"\(SyncProblem(store: Unknown(text: Self.secret)))".contains(Self.secret))
    }

    private struct Unknown: Error { var text: String }
}
