import BkendWire

@testable import BkendSync

/// The machines of an engine over a store in memory: a test tells them one event, and sees what they ask.
final class MachineRun {
    let store = MemoryStore()
    var pull = PullMachine()
    var push = PushMachine()
    var shared = SharedState(random: SyncRandom(seed: 1))
    var configuration = SyncConfiguration(server: "s")
    var now = SyncInstant.zero

    /// Ann is signed in.
    init() {
        shared.epoch = 1
        shared.session.changed(to: "ann")
    }

    /// Lets time pass.
    func pass(_ time: Duration) { now = now.advanced(by: time) }

    /// One turn of the machines; what they ask the server in it.
    @discardableResult
    func turn(
        _ body: (inout PullMachine, inout PushMachine, inout EngineTurn<MemoryStore>) throws -> Void
    ) rethrows -> [Errand] {
        var turn = EngineTurn(store, shared, now: now, configuration: configuration, rules: SyncRules())
        let next = shared.flights.next
        try body(&pull, &push, &turn)
        for notice in turn.takeNotices() {
            switch notice {
            case .received(let received, let table): push.take(received, table: table, &turn)
            case .renamed(let entries): push.renamed(entries)
            case .wentBack(let table): pull.compareFully(table)
            case .shown(let table): pull.readAgain(table)
            }
        }
        shared = turn.shared
        return shared.flights.all.filter { $0.id >= next }.map(\.errand)
    }

    /// The answer to the request that was sent first; what is asked because of it at once.
    @discardableResult
    func answer(_ verdict: Verdict, date: Timestamp? = nil) throws -> [Errand] {
        guard let first = shared.flights.all.first, let flight = shared.flights.land(first.id) else { return [] }
        return try turn { pull, push, turn in
            turn.heard(verdict, of: flight)
            switch flight.errand {
            case .identity, .spec, .upload, .deleteFile, .download: break
            case .create(let sequence): try push.created(sequence, verdict, &turn)
            case .update(let sequence, let read): try push.updated(sequence, verdict, asRead: read, &turn)
            case .delete(let sequence): try push.deleted(sequence, verdict, &turn)
            case .copies(let table, let sequences): try push.copiesRead(table, sequences, verdict, &turn)
            case .copy(let sequence): try push.copyRead(sequence, verdict, &turn)
            case .lookup(let table, let sequences): try push.lookedUp(table, sequences, verdict, flight, &turn)
            case .settle(let sequence): try push.settled(sequence, verdict, flight, &turn)
            case .look(let row): try push.guarding.looked(row, verdict, flight, &turn)
            case .unwanted(let deletion): try push.guarding.deleted(deletion, verdict, &turn)
            case .pull(let number, let ask):
                try pull.answered(number, ask, verdict, flight, date: date, &turn)
            }
        }
    }
}

extension Verdict {
    /// A page of rows with these ids, all stamped at one moment.
    static func page(_ ids: [String] = [], at moment: String = "t1", total: Int? = nil, hasNext: Bool = false)
        -> Verdict
    {
        let rows = ids.map { AnswerRow($0, at: moment) }
        return .done(.page(AnswerPage(rows: rows, total: total ?? ids.count, hasNext: hasNext)))
    }

    /// The user may not do it.
    static let forbidden = Verdict.denied(ErrorBody(.permissionDenied, "no", status: 403))

    /// No answer.
    static let unanswered = Verdict.lost(SyncFailure(.timedOut))
}

extension AnswerRow {
    /// A row of ann's.
    init(_ id: String, at moment: String = "t1", key: String? = nil) {
        let fields: JSONObject = ["id": .string(id), "updatedAt": .string(moment), "createdBy": "ann"]
        self.init(
            id: id, updatedAt: moment, createdBy: "ann", clientKey: key, text: JSON.object(fields).serialized())
    }
}
