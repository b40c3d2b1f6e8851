import BkendWire

/// Who is signed in, and whether the server accepts that.
struct SessionMachine: Sendable, Hashable {
    /// What is known about server and key.
    enum Identity: Sendable, Hashable {
        case unchecked, pending, confirmed, refused
    }

    /// Whether anybody has said so.
    private(set) var isKnown = false
    /// The user's id, "" for a guest, nil for nobody.
    private(set) var user: String?
    /// Whether a refresh was asked for and hasn't come back.
    private(set) var isRefreshing = false
    /// How often it was renewed or changed: an answer to a request sent before says nothing about the present token.
    private(set) var generation = 0
    /// Refusals since the last success with a token that is said to be good.
    private var refusals = 0
    /// When to try a refresh again that didn't reach the server.
    private(set) var retryAt: SyncInstant?
    /// Whether the server or key is another than the store was synced with, and `auth/me` hasn't confirmed the user.
    private(set) var identity = Identity.unchecked
    /// The question who is signed in failed and waits.
    var identityWait: RetryWait?

    /// The same without what was under way: its outcome says nothing any more.
    var atRest: SessionMachine {
        var session = self
        session.isRefreshing = false
        session.generation += 1
        session.identity = .unchecked
        session.identityWait = nil
        return session
    }

    /// Who is signed in now.
    mutating func changed(to user: String?) {
        let isOther = !isKnown || self.user != user
        isKnown = true
        self.user = user
        isRefreshing = false
        generation += 1
        refusals = 0
        retryAt = nil
        if isOther { identity = .unchecked }
    }

    /// The app wants to try now, whatever was waited for.
    mutating func tryNow(at now: SyncInstant) {
        identityWait?.until = now
        if retryAt != nil { retryAt = now }
    }

    // MARK: Answers

    /// What an answer says about the session; whether it is to be renewed.
    mutating func take(_ verdict: Verdict, of flight: Flight, refusals limit: Int) -> Bool {
        switch verdict {
        case .done, .missing, .pageTooLarge, .rejected, .denied, .tableRefused: refusals = 0
        case .unauthorized:
            // A guest's write, or question about a file that isn't public, has no session that could be refused.
            let operation = flight.request.operation
            if !flight.request.user.isEmpty || !operation.isWrite && !operation.isOfFiles {
                return refused(flight, refusals: limit)
            }
        // What the sender found before the session was last changed or renewed says nothing about the present one.
        case .refused(.signedOut) where flight.session == generation: user = nil
        case .refused(.otherUser(let other)) where flight.session == generation: user = other
        case .tooLong, .tooMany, .engineRefused, .foreign, .serverFailed, .notSent, .lost, .refused, .storage, .bytes:
            break
        }
        return false
    }

    /// The server didn't accept the session. A refusal of a request that left before the session was renewed says
    /// nothing about it; several in a row with a token that is said to be good end it.
    private mutating func refused(_ flight: Flight, refusals limit: Int) -> Bool {
        guard flight.session == generation, user != nil, !isRefreshing, retryAt == nil else { return false }
        refusals += 1
        guard refusals <= limit else {
            user = nil
            return false
        }
        isRefreshing = true
        return true
    }

    // MARK: Refreshing

    /// Whether a refresh that didn't reach the server is to be tried again.
    mutating func retries(at now: SyncInstant) -> Bool {
        guard let moment = retryAt, now >= moment else { return false }
        retryAt = nil
        isRefreshing = true
        return true
    }

    /// What became of a refresh.
    mutating func refreshed(
        _ outcome: SessionOutcome, _ generation: Int, at now: SyncInstant, _ configuration: SyncConfiguration,
        using random: inout SyncRandom
    ) {
        guard isRefreshing, generation == self.generation else { return }
        isRefreshing = false
        switch outcome {
        case .renewed, .stillUsable:
            self.generation += 1
            retryAt = nil
        case .signedOut: user = nil
        case .unreachable:
            let wait = Backoff.wait(
                attempt: configuration.refreshAttempt, ceiling: configuration.backoffCeiling, using: &random)
            retryAt = now.advanced(by: wait)
        }
    }

    // MARK: The server

    /// Asks who we are when the store was last synced with another server or key; otherwise notes this one.
    mutating func checkIdentity(_ store: some MetaStore, server: String) throws {
        guard identity == .unchecked else { return }
        guard let known = try store.meta(Self.serverKey), !known.hasSameBytes(as: server) else {
            if try store.meta(Self.serverKey) == nil { try store.setMeta(Self.serverKey, server) }
            identity = .confirmed
            return
        }
        // Nobody can say whether a guest is the same one.
        identity = try store.owner.isEmpty ? .refused : .pending
    }

    /// Takes the answer to the question who we are; false when it has to be asked again.
    mutating func identified(_ verdict: Verdict, _ store: some MetaStore, server: String) throws -> Bool {
        guard identity == .pending else { return true }
        guard case .done(.object(let user)) = verdict else { return false }
        if try user["id"]?.stringValue?.hasSameBytes(as: store.owner) ?? false {
            try store.setMeta(Self.serverKey, server)
            identity = .confirmed
        } else {
            identity = .refused
        }
        return true
    }

    /// Where the store keeps the server and key that it was synced with last.
    private static let serverKey = "server"
}
