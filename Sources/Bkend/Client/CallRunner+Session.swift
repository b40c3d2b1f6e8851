import BkendTransport
import BkendWire

extension CallRunner {
    /// Runs a call as the user who is signed in. When the server refuses the access token, the session is refreshed, or
    /// found refreshed, and the call sent once more: a refused call has done nothing.
    func run(_ call: Call) async throws(BkendError) -> CallAnswer {
        let left = stopwatch(call.options)
        let session = try await session(for: call)
        do throws(BkendError) {
            return try await run(call, token: session?.accessToken, deadline: left())
        } catch {
            guard let session, let refusal = RefreshDecision.concerns(error) else { throw error }
            let refresh = renewed(after: session, refusal: refusal)
            guard let next = try await outcome(of: refresh, call, within: left()) else { throw error }
            return try await run(call, token: next.accessToken, deadline: left(), previousAttempts: error.attempts)
        }
    }

    /// Whether the app sends `Authorization` by itself: then nobody here knows whose token it is.
    var hasOwnAuthorization: Bool { Self.holdsAuthorization(options.headers) }

    private static func holdsAuthorization(_ headers: [String: String]) -> Bool {
        headers.keys.contains { $0.lowercased() == "authorization" }
    }

    /// Has a session renewed, beside what goes on, when half of its life is over.
    func renewAhead(_ session: Session) {
        sessions.renewAhead(session) { [self] token, limit throws(BkendError) in
            try await exchange(token, leavingWithin: limit)
        }
    }

    /// The session in the place of one whose access token was refused; nil to give up.
    func renewed(after used: Session, refusal: ErrorCode) -> Task<Session?, any Error> {
        sessions.session(after: used, refusal: refusal) { [self] token, limit throws(BkendError) in
            try await exchange(token, leavingWithin: limit)
        }
    }

    /// The session to send a call with. An app that sends `Authorization` by itself keeps its own tokens.
    func session(for call: Call) async throws(BkendError) -> Session? {
        guard call.sendsSession, !hasOwnAuthorization, !Self.holdsAuthorization(call.options.headers) else {
            return nil
        }
        do throws(BkendError) {
            let session = try await sessions.current()
            if let session { renewAhead(session) }
            return session
        } catch {
            throw error.of(call)
        }
    }

    /// Sends a refresh token. It leaves once at most; only what certainly wasn't acted on is repeated. With a time it is
    /// sent within that time or not at all.
    private func exchange(_ refreshToken: String, leavingWithin limit: Duration?) async throws(BkendError) -> JSON {
        var call = Call(.post, ["auth", "refresh"], options: CallOptions(deadline: .seconds(30)))
        if let limit {
            call.options.retry = .never
            call.leavesWithin = limit
        }
        call.body = ["refreshToken": .string(refreshToken)]
        call.sendsSession = false
        return try await run(call).json
    }

    /// Waits for a refresh that others may wait for too: neither this caller's deadline nor its cancellation ends it.
    func outcome(
        of refresh: Task<Session?, any Error>, _ call: Call, within limit: Duration?
    ) async throws(BkendError) -> Session? {
        let (results, end) = AsyncStream<Result<Session?, any Error>>.makeStream()
        Task {
            end.yield(await refresh.result)
            end.finish()
        }
        let timer = limit.map { limit in
            Task {
                try? await pacing.sleep(limit)
                end.finish()
            }
        }
        defer { timer?.cancel() }
        for await result in results {
            do { return try result.get() } catch { throw SessionKeeper.wrapped(error).of(call) }
        }
        if Task.isCancelled { throw BkendError(.cancelled(.notSent)).of(call) }
        let late = TransportError(
            kind: .totalTimedOut, delivery: .notSent, reason: "the deadline passed while the session was refreshed")
        throw BkendError(.transport(late)).of(call)
    }
}

extension BkendError {
    /// The error as one of a call that was not done because of it.
    fileprivate func of(_ call: Call) -> BkendError {
        var error = self
        error.operation = call.operation
        return error
    }
}
