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

/// What the engine remembers of a table between events.
struct TableMemory: Memorable {
    /// How many rows a page has where they are fewer than configured.
    var pageLimit: PageLimit?
    /// The most ids of one list, once a URL was too long; nil is as many as a page has rows.
    var idLimit: Int?
    /// Whether this user may not list it: its records are read one by one.
    var isUnlistable = false
    /// Whether its spec was answered since the start, or is being asked for.
    var isSpecAsked = false
    /// When its spec was asked for last.
    var specAskedAt: SyncInstant?
    /// The question for its spec failed and waits.
    var specWait: RetryWait?
}
