/// A request under way.
struct Flight: Sendable {
    /// Its number.
    var id: RequestID
    /// What it is for.
    var errand: Errand
    /// The request.
    var request: SyncRequest
    /// When it was handed over.
    var sentAt: SyncInstant
    /// The store's mark at that time: rows of records that were answered later may be stale.
    var mark: Int64
    /// How often the session had been renewed.
    var session: Int
}

/// The requests under way.
struct Flights: Sendable {
    /// All of them, ascending by number.
    private(set) var all: [Flight] = []
    /// The number of the next one.
    private(set) var next: RequestID

    /// None yet.
    init(next: RequestID = RequestID(number: 1)) { self.next = next }

    var isEmpty: Bool { all.isEmpty }
    var count: Int { all.count }

    /// Adds a request that is handed over; its number.
    mutating func depart(
        _ errand: Errand, _ request: SyncRequest, sentAt: SyncInstant, mark: Int64, session: Int
    ) -> RequestID {
        let id = next
        next = RequestID(number: id.number + 1)
        all.append(Flight(id: id, errand: errand, request: request, sentAt: sentAt, mark: mark, session: session))
        return id
    }

    /// Takes a request out whose fate is known; nil when nobody waits for it any more.
    mutating func land(_ id: RequestID) -> Flight? {
        all.firstIndex { $0.id == id }.map { all.remove(at: $0) }
    }

    /// How many go to bkend itself.
    var toServer: Int { all.count { !$0.request.operation.isToStorage } }

    /// The entries that requests serve.
    var entries: Set<Int64> { Set(all.flatMap(\.request.entries)) }

    /// How many are writes.
    var writes: Int { all.count { $0.request.operation.isWrite } }

    /// The subscriptions that wait for an answer.
    var subscriptions: Set<Int64> { Set(all.compactMap(\.errand.subscription)) }

    /// The tables that subscriptions read.
    var pulledTables: Set<String> {
        Set(all.compactMap { $0.errand.subscription == nil ? nil : $0.request.operation.table })
    }

    /// The least mark at which a request of a table was sent.
    func oldestMark(of table: String) -> Int64? {
        all.filter { $0.request.operation.table == table }.map(\.mark).min()
    }

    /// Whether a request for that purpose is under way.
    func contains(_ errand: Errand) -> Bool { all.contains { $0.errand == errand } }
}

extension Flight {
    /// What fails together with it: three different ones in a row close the gate.
    var troubleKey: String {
        if let entry = request.entries.first { return "entry \(entry)" }
        if case .pull(let number, _) = errand { return "subscription \(number)" }
        return request.operation.name + " " + (request.operation.table ?? "")
    }

    /// The most rows that its answer may have; one with so many may not be the last page.
    func rowLimit(_ configuration: SyncConfiguration) -> Int {
        request.operation.limit ?? configuration.pageLimit
    }
}
