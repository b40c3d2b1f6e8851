import BkendWire

/// What the machines share between events.
struct SharedState: Sendable {
    /// The epoch that this engine leads, nil when it doesn't.
    var epoch: Int64?
    /// Who is signed in.
    var session = SessionMachine()
    /// Whether anything may be sent.
    var gate = SendGate()
    /// The requests under way.
    var flights = Flights()
    /// What is remembered of tables.
    var tables = Memories<String, TableMemory>()
    /// The server's time and when it was told.
    var serverClock: (date: Timestamp, at: SyncInstant)?
    /// The last failure, until a request succeeds.
    var problem: SyncProblem?
    var random: SyncRandom

    /// A request's answer is not coming, or came to nothing.
    mutating func abandon(_ flight: Flight) {
        if case .spec(let table) = flight.errand { tables[table].isSpecAsked = false }
    }
}
