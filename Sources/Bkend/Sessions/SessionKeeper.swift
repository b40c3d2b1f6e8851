import BkendWire
import Foundation
import Synchronization

/// A client's session: who is signed in, and one refresh for all calls that need it.
final class SessionKeeper: Sendable {
    /// Sends a refresh token, once, and gives the answer. With a time it is the repetition of one that was sent: it
    /// leaves within that time or not at all.
    typealias Exchange =
        @Sendable (_ refreshToken: String, _ leavingWithin: Duration?) async throws(BkendError) -> JSON

    let changes = Broadcast<SessionChange>(buffering: 64)
    let server: String
    private let store: any SessionStore
    /// The wall clock, for the age of tokens alone.
    let now: @Sendable () -> Date
    private let pacing: Pacing
    private let extensions: ServerExtensions
    private let running = Mutex<[ExactString: Task<Session?, any Error>]>([:])
    private let ahead = Mutex<Ahead>(Ahead())

    /// The early refresh that is under way, and when the next may begin.
    private struct Ahead {
        var task: Task<Void, Never>?
        var notBefore = Date.distantPast
    }

    init(store: any SessionStore, server: String, pacing: Pacing, extensions: ServerExtensions) {
        self.store = store
        self.server = server
        self.pacing = pacing
        self.extensions = extensions
        now = pacing.now
    }

    /// The session that is stored, ended or not.
    func stored() async throws(BkendError) -> Session? {
        switch try await found() {
        case .nobody: return nil
        case .session(let session): return session
        case .elsewhere(let session):
            let flaw = "the stored session belongs to \(session.server), not \(server)"
            throw BkendError(.sessionStore("\(flaw); sign in again, or use that server's address"))
        }
    }

    /// What the store holds.
    ///
    /// - Throws: `BkendError` of `sessionStore` when it can't be read.
    func found() async throws(BkendError) -> StoredSession {
        do { return StoredSession(try await store.load(), of: server) } catch { throw Self.wrapped(error) }
    }

    /// Refuses a store that couldn't take a session. What a damaged one holds is of no use to anybody: a sign-in puts
    /// another in its place.
    func checkForSignIn() async throws(BkendError) {
        do { _ = try await store.load() } catch let error as SessionStoreError where error.isDamage {
            return
        } catch { throw Self.wrapped(error) }
    }

    /// The session to send a call with, nil for a guest's.
    func current() async throws(BkendError) -> Session? {
        let session = try await stored()
        if session?.status == .ended { throw BkendError(.sessionEnded) }
        return session
    }

    /// Puts a user's new session in the place of any other.
    func signedIn(_ session: Session) async throws(BkendError) {
        let store = store
        do {
            try await store.exclusively {
                do { _ = try await store.load() } catch let error as SessionStoreError where error.isDamage {
                    try await store.setAside()
                }
                try await store.save(session)
            }
        } catch { throw Self.wrapped(error) }
        changes.tell(.signedIn(userID: session.userID))
    }

    /// Removes a user's session; another user's, who has signed in meanwhile, stays.
    func signedOut(_ userID: String) async throws(BkendError) {
        let store = store
        let isRemoved: Bool
        do {
            isRemoved = try await store.exclusively {
                guard let stored = try await store.load(), stored.userID.hasSameBytes(as: userID) else { return false }
                try await store.save(nil)
                return true
            }
        } catch { throw Self.wrapped(error) }
        if isRemoved { changes.tell(.signedOut) }
    }

    /// Removes whatever stands in the place of this server's session: another address's, or what can't be read.
    func dropped() async throws(BkendError) {
        let store = store
        let isRemoved: Bool
        do {
            isRemoved = try await store.exclusively { [server] in
                do {
                    guard case .elsewhere = StoredSession(try await store.load(), of: server) else { return false }
                } catch let error as SessionStoreError where error.isDamage {}
                try await store.save(nil)
                return true
            }
        } catch { throw Self.wrapped(error) }
        if isRemoved { changes.tell(.signedOut) }
    }

    /// Returns when no refresh is under way: one that is cut off would cost the session.
    func settled() async {
        for task in running.withLock({ Array($0.values) }) { _ = await task.result }
        await ahead.withLock(\.task)?.value
    }

    // MARK: Refreshing

    /// The session to send a call again with after its access token was refused; nil to give up. All calls that come
    /// with one token wait for one outcome, which no caller's cancellation stops.
    func session(
        after used: Session, refusal: ErrorCode, exchange: @escaping Exchange
    ) -> Task<Session?, any Error> {
        let key = ExactString(used.accessToken)
        return running.withLock { running in
            if let task = running[key] { return task }
            let task = Task {
                defer { self.running.withLock { $0[key] = nil } }
                return try await self.settle(used, refusal, exchange)
            }
            running[key] = task
            return task
        }
    }

    private func settle(
        _ used: Session, _ refusal: ErrorCode, _ exchange: @escaping Exchange
    ) async throws -> Session? {
        let store = store
        return try await store.exclusively { [self] in
            switch RefreshDecision(stored: try await store.load(), used: used, refusal: refusal) {
            case .resend(let session): return session
            case .giveUp: return nil
            case .end(let session), .useUp(let session): throw try await end(session)
            case .refresh(let session): return try await refresh(session, exchange)
            }
        }
    }

    private func refresh(_ session: Session, _ exchange: Exchange) async throws -> Session {
        // Written before the token leaves: who finds this mark, and the lock free, knows that the answer was lost.
        try await store.save(session.with(.refreshing))
        switch await outcome(of: session, exchange) {
        case .renewed(let next):
            try await store.save(next)
            changes.tell(.refreshed(userID: next.userID))
            return next
        case .unspent(let error):
            try await store.save(session.with(.active))
            throw error
        case .lost, .ended: throw try await end(session)
        }
    }

    /// What a refresh has come to, its repetition included. Both are sent under the lock, by the process that wrote the
    /// mark: whoever finds the mark later, this process after a restart too, sends nothing.
    private func outcome(of session: Session, _ exchange: Exchange) async -> RefreshOutcome {
        let elapsed = pacing.stopwatch()
        var outcome = await attempt(session, exchange, leavingWithin: nil)
        guard case .lost(var loss) = outcome else { return outcome }
        while let next = RefreshRepetition(grace: extensions.refreshGrace, elapsed: elapsed(), after: loss) {
            do { try await pacing.sleep(next.pause) } catch { break }
            // What other calls heard during the pause counts: their server may be one without grace.
            guard let left = RefreshRepetition.timeLeft(grace: extensions.refreshGrace, elapsed: elapsed()) else {
                break
            }
            outcome = await attempt(session, exchange, leavingWithin: left)
            if case .renewed = outcome { return outcome }
            guard outcome.foundNoServer, case .unspent(let error) = outcome else { break }
            loss = error
        }
        // The first one may have spent the token, whatever was said to the second.
        return .lost(loss)
    }

    private func attempt(
        _ session: Session, _ exchange: Exchange, leavingWithin limit: Duration?
    ) async -> RefreshOutcome {
        do throws(BkendError) {
            return RefreshOutcome(.success(try await exchange(session.refreshToken, limit)), of: session, now: now())
        } catch {
            return RefreshOutcome(.failure(error), of: session, now: now())
        }
    }

    // MARK: Refreshing ahead of time

    /// How long an early refresh that didn't come about isn't tried again.
    private static let pause: TimeInterval = 60

    /// Renews a session whose access token is at half of its life, beside the calls that go on with it: if the answer to
    /// this refresh is lost, there is half a life left in which nobody is signed out.
    func renewAhead(_ used: Session, exchange: @escaping Exchange) {
        let now = now()
        guard used.isDue(at: now) else { return }
        ahead.withLock { ahead in
            guard ahead.task == nil, now >= ahead.notBefore else { return }
            ahead.notBefore = now.addingTimeInterval(Self.pause)
            ahead.task = Task {
                // What fails here, the store for example, is told to the call that meets it next.
                try? await self.settleAhead(used, exchange)
                self.ahead.withLock { $0.task = nil }
            }
        }
    }

    private func settleAhead(_ used: Session, _ exchange: @escaping Exchange) async throws {
        let store = store
        try await store.exclusively { [self] in
            switch RefreshDecision(ahead: try await store.load(), of: used) {
            case .giveUp, .resend, .end: return
            case .useUp(let session): try await store.save(session.with(.unrenewable))
            case .refresh(let session):
                try await store.save(session.with(.refreshing))
                switch await outcome(of: session, exchange) {
                case .renewed(let next):
                    try await store.save(next)
                    changes.tell(.refreshed(userID: next.userID))
                case .unspent: try await store.save(session.with(.active))
                case .lost, .ended: try await store.save(session.with(.unrenewable))
                }
            }
        }
    }

    private func end(_ session: Session) async throws -> BkendError {
        try await store.save(session.with(.ended))
        changes.tell(.ended(userID: session.userID))
        return BkendError(.sessionEnded)
    }

    static func wrapped(_ error: any Error) -> BkendError {
        error as? BkendError ?? BkendError(.sessionStore("\(error)"))
    }
}
