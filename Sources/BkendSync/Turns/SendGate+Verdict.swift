import BkendWire

extension SendGate {
    /// What an answer says about everything else that is sent.
    mutating func take(
        _ verdict: Verdict, of flight: Flight, at now: SyncInstant, _ configuration: SyncConfiguration,
        using random: inout SyncRandom
    ) {
        let ceiling = configuration.backoffCeiling
        let cap = configuration.retryAfterCeiling
        switch verdict {
        case .done, .missing, .pageTooLarge, .rejected, .denied, .tableRefused, .unauthorized:
            succeeded(sentAt: flight.sentAt)
        // Records have nothing to do with a storage.
        case .tooLong, .storage, .bytes: break
        case .tooMany(let retryAfter):
            close(.patience, at: now, wait: retryAfter ?? .zero, ceiling: ceiling, cap: cap, using: &random)
        case .engineRefused(let error):
            close(.paused(.refused(error.code)), at: now, wait: nil, ceiling: ceiling, cap: cap, using: &random)
        // A record may name anything, and the answer may be another route's.
        case .foreign where flight.errand.download != nil: break
        case .foreign:
            close(.paused(.foreignAnswer), at: now, wait: nil, ceiling: ceiling, cap: cap, using: &random)
        case .serverFailed(_, let retryAfter?) where retryAfter > .zero:
            close(.patience, at: now, wait: retryAfter, ceiling: ceiling, cap: cap, using: &random)
        case .serverFailed: failed(flight.troubleKey, .patience, at: now, ceiling: ceiling, using: &random)
        case .notSent:
            failed(flight.troubleKey, .unreachable, isUnsent: true, at: now, ceiling: ceiling, using: &random)
        case .lost: failed(flight.troubleKey, .unreachable, at: now, ceiling: ceiling, using: &random)
        case .refused(.stopped):
            close(.unreachable, at: now, wait: nil, ceiling: ceiling, cap: cap, using: &random)
        case .refused: break
        }
    }
}

extension Verdict {
    /// Whether a bkend server said it, whatever it said.
    var isServersWord: Bool {
        switch self {
        case .done, .missing, .rejected, .pageTooLarge, .denied, .unauthorized, .tooMany, .tableRefused, .engineRefused:
            true
        case .tooLong, .serverFailed, .foreign, .notSent, .lost, .refused, .storage, .bytes: false
        }
    }
}

extension SyncProblem {
    /// What an answer says of a failure, after an earlier one.
    init?(_ verdict: Verdict, of operation: SyncRequest.Operation, after former: SyncProblem?) {
        func problem(_ message: String, _ error: ErrorBody) -> SyncProblem {
            SyncProblem(
                operation: operation.name, table: operation.table, code: error.code, status: error.status,
                message: message)
        }
        func problem(_ message: String, code: ErrorCode? = nil, status: Int? = nil) -> SyncProblem {
            SyncProblem(
                operation: operation.name, table: operation.table, code: code, status: status, message: message)
        }
        let noted: SyncProblem?
        switch verdict {
        case .done, .missing: noted = nil
        // The next page is smaller: nothing is wrong. Of who is signed in the state tells.
        case .pageTooLarge, .refused(.signedOut), .refused(.otherUser): noted = former
        case .rejected(let error), .denied(let error), .tableRefused(let error):
            noted = problem("the server rejected the request", error)
        case .unauthorized(let error): noted = problem("the server rejected the session", error)
        case .engineRefused(let error):
            noted = problem("the server rejected the key, the project or the account", error)
        case .tooLong: noted = problem("the URL is too long")
        case .tooMany: noted = problem("the server is limiting requests", code: .rateLimitExceeded)
        case .foreign(let status, let message): noted = problem(message, status: status)
        case .serverFailed(let status, _): noted = problem("the server failed", status: status)
        case .notSent(let failure), .lost(let failure): noted = problem(failure.description)
        case .refused(.stopped): noted = problem("the client was shut down")
        case .storage(.stored), .storage(.taken): noted = former
        case .storage(.expired(let failure)), .storage(.refused(let failure)), .storage(.silent(let failure, _)):
            noted = problem("the storage didn't take a file's bytes", status: failure.status)
        case .bytes(.came), .bytes(.changed), .bytes(.otherSize): noted = former
        case .bytes(.refused(let failure)), .bytes(.missing(let failure)), .bytes(.silent(let failure, _)):
            noted = problem("the storage didn't send a file's bytes", status: failure.status)
        case .bytes(.unwritable): noted = problem("a file's bytes can't be written on this device")
        case .storage(.bytesMissing): noted = problem("a file's bytes are missing or damaged on this device")
        }
        guard let noted else { return nil }
        self = noted
    }
}
