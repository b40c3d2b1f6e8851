import BkendWire
import Testing

@testable import BkendSync

/// What answers say about the session.
@Suite final class SessionMachineTests {
    private var session = SessionMachine()
    private let refusal = Verdict.unauthorized(ErrorBody(.tokenExpired, "no", status: 401))

    init() { session.changed(to: "ann") }

    private func flight(_ session: Int, user: String = "ann", _ operation: SyncRequest.Operation = .me) -> Flight {
        Flight(
            id: RequestID(number: 1), errand: .identity,
            request: SyncRequest(operation, user: user, deadline: .seconds(1)), sentAt: .zero, mark: 0,
            session: session)
    }

    /// Whether the session is to be refreshed after a refusal of a request.
    private func isRefreshed(by flight: Flight) -> Bool { session.take(refusal, of: flight, refusals: 3) }

    private func retries(at now: SyncInstant) -> Bool { session.retries(at: now) }

    private func refresh(_ outcome: SessionOutcome, at now: SyncInstant = .zero) {
        var random = SyncRandom(seed: 1)
        session.refreshed(
            outcome, session.generation, at: now, SyncConfiguration(server: "s"), using: &random)
    }

    @Test("A refused token is refreshed once, and not for a request from before the refresh")
    func refused() {
        let former = flight(session.generation)
        #expect(isRefreshed(by: former))
        #expect(!isRefreshed(by: former))
        refresh(.renewed)
        #expect(!isRefreshed(by: former))
        #expect(isRefreshed(by: flight(session.generation)))
    }

    @Test("A token that is refused again and again, though it was renewed, ends the session")
    func over() {
        for _ in 0..<3 {
            #expect(isRefreshed(by: flight(session.generation)))
            refresh(.renewed)
        }
        #expect(!isRefreshed(by: flight(session.generation)))
        #expect(session.user == nil)
    }

    @Test("An answer in between forgets the refusals")
    func forgotten() {
        for _ in 0..<10 {
            #expect(isRefreshed(by: flight(session.generation)))
            refresh(.stillUsable)
            _ = session.take(.missing, of: flight(session.generation), refusals: 3)
        }
        #expect(session.user == "ann")
    }

    @Test("A guest's write has no session that could be refused; a guest's read tells of one")
    func guest() {
        session.changed(to: "")
        let write = flight(session.generation, user: "", .create(table: "notes"))
        #expect(!isRefreshed(by: write))
        #expect(isRefreshed(by: flight(session.generation, user: "")))
    }

    @Test("A refresh that doesn't reach the server is tried again when its wait is over")
    func unreachable() throws {
        _ = isRefreshed(by: flight(session.generation))
        refresh(.unreachable)
        let moment = try #require(session.retryAt)
        #expect(!session.isRefreshing && !retries(at: .zero))
        #expect(retries(at: moment) && session.isRefreshing)
    }

    @Test("The fate of another generation's refresh says nothing")
    func late() {
        var random = SyncRandom(seed: 1)
        _ = isRefreshed(by: flight(session.generation))
        session.refreshed(
            .signedOut, session.generation - 1, at: .zero, SyncConfiguration(server: "s"), using: &random)
        #expect(session.user == "ann" && session.isRefreshing)
    }

    @Test("What the sender found before the session changed doesn't count")
    func sender() {
        let former = flight(session.generation)
        session.changed(to: "ben")
        _ = session.take(.refused(.signedOut), of: former, refusals: 3)
        #expect(session.user == "ben")
        _ = session.take(.refused(.otherUser("eve")), of: flight(session.generation), refusals: 3)
        #expect(session.user == "eve")
    }

    private func isIdentified(_ verdict: Verdict, _ store: MemoryStore) throws -> Bool {
        try session.identified(verdict, store, server: "two")
    }

    @Test("A store of another server asks who is signed in; a guest's is refused")
    func identity() throws {
        let store = MemoryStore()
        try session.checkIdentity(store, server: "one")
        #expect(session.identity == .confirmed && store.kept["server"] == "one")
        session = session.atRest
        try session.checkIdentity(store, server: "two")
        #expect(session.identity == .pending)
        #expect(try !isIdentified(.unanswered, store))
        #expect(try isIdentified(.done(.object(["id": "ben"])), store))
        #expect(session.identity == .refused && store.kept["server"] == "one")
        session = session.atRest
        try session.checkIdentity(store, server: "two")
        #expect(try isIdentified(.done(.object(["id": "ann"])), store))
        #expect(session.identity == .confirmed && store.kept["server"] == "two")
        store.owner = ""
        session = session.atRest
        try session.checkIdentity(store, server: "three")
        #expect(session.identity == .refused)
    }
}
