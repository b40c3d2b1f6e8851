import BkendWire

extension Verdict {
    /// Whether a bkend server said it, whatever it said.
    var isServersWord: Bool {
        switch self {
        case .done, .missing, .rejected, .pageTooLarge, .denied, .unauthorized, .tooMany, .tableRefused, .engineRefused:
            true
        case .tooLong, .serverFailed, .foreign, .notSent, .lost, .refused: false
        }
    }
}

/// What an answer says about everything else that is sent.
extension EngineStep {
    func note(_ verdict: Verdict, of flight: Flight) {
        let name = flight.request.operation.name
        let table = flight.request.operation.table
        let ceiling = configuration.backoffCeiling
        let cap = configuration.retryAfterCeiling
        func close(_ reason: SendGate.Reason, _ wait: Duration? = nil) {
            state.gate.close(reason, at: now, wait: wait, ceiling: ceiling, cap: cap, using: &random)
        }
        func refuse(_ error: ErrorBody, _ message: String) {
            fail(name, table: table, code: error.code, status: error.status, message)
        }
        switch verdict {
        case .done, .missing:
            state.gate.succeeded(sentAt: flight.sentAt)
            state.session.refusals = 0
            state.problem = nil
        case .pageTooLarge:
            // The next page is smaller: nothing is wrong.
            state.gate.succeeded(sentAt: flight.sentAt)
            state.session.refusals = 0
        case .rejected(let error), .denied(let error), .tableRefused(let error):
            state.gate.succeeded(sentAt: flight.sentAt)
            state.session.refusals = 0
            refuse(error, "the server rejected the request")
        case .unauthorized(let error):
            state.gate.succeeded(sentAt: flight.sentAt)
            refuse(error, "the server rejected the session")
            // A guest's write has no session that could be refused.
            if !flight.request.user.isEmpty || !flight.request.operation.isWrite { sessionRefused(flight) }
        case .tooLong: fail(name, table: table, "the URL is too long")
        case .tooMany(let retryAfter):
            fail(name, table: table, code: .rateLimitExceeded, "the server is limiting requests")
            close(.patience, retryAfter ?? .zero)
        case .engineRefused(let error):
            refuse(error, "the server rejected the key, the project or the account")
            close(.paused(.refused(error.code)))
        case .foreign(let status, let message):
            fail(name, table: table, status: status, message)
            close(.paused(.foreignAnswer))
        case .serverFailed(let status, let retryAfter):
            fail(name, table: table, status: status, "the server failed")
            if let retryAfter, retryAfter > .zero { return close(.patience, retryAfter) }
            state.gate.failed(flight.troubleKey, .patience, at: now, ceiling: ceiling, using: &random)
        case .notSent(let failure), .lost(let failure):
            fail(name, table: table, failure.description)
            var isUnsent = false
            if case .notSent = verdict { isUnsent = true }
            state.gate.failed(
                flight.troubleKey, .unreachable, isUnsent: isUnsent, at: now, ceiling: ceiling, using: &random)
        case .refused(.signedOut): sendingRefused(flight, as: nil)
        case .refused(.otherUser(let user)): sendingRefused(flight, as: user)
        case .refused(.stopped):
            fail(name, table: table, "the client was shut down")
            close(.unreachable)
        }
    }

    /// How long something that failed waits.
    func backoff(_ attempt: Int) -> SyncInstant {
        now.advanced(by: Backoff.wait(attempt: attempt, ceiling: configuration.backoffCeiling, using: &random))
    }
}

extension Flight {
    /// What fails together with it: three different ones in a row close the gate.
    var troubleKey: String {
        if let entry = request.entries.first { return "entry \(entry)" }
        if case .pull(let number, _) = errand { return "subscription \(number)" }
        return request.operation.name + " " + (request.operation.table ?? "")
    }
}
