import BkendWire
import Logging
import Metrics
import Tracing

/// What the engine tells about itself: log lines, metrics and spans. Tables and operations are named, counts and times
/// given; never a record's content or id, a filter, a key or a token.
struct SyncInstruments: Sendable {
    private let logger: Logger
    private let pending = Gauge(label: "bkend_sync_pending")
    private let failed = Gauge(label: "bkend_sync_failed")
    private let unresolved = Gauge(label: "bkend_sync_unresolved")

    init(logger: Logger) { self.logger = logger }

    /// Sends under a span, and counts and times what became of it.
    func send(
        _ request: SyncRequest, _ id: RequestID, through sender: some SyncSender,
        sent: @escaping @Sendable (Int64) -> Void
    ) async -> SyncResponse {
        let operation = request.operation.name
        let table = request.operation.table ?? ""
        return await withSpan("bkend.sync.\(operation)", ofKind: .client) { span in
            span.attributes["bkend.table"] = table
            span.attributes["bkend.entries"] = request.entries.count
            let clock = ContinuousClock()
            let start = clock.now
            let response = await sender.send(request, sent: sent)
            let elapsed = start.duration(to: clock.now)
            let outcome = Self.outcome(response)
            span.attributes["bkend.outcome"] = outcome
            let dimensions = [("operation", operation), ("outcome", outcome)]
            Counter(label: "bkend_sync_requests", dimensions: dimensions).increment()
            Metrics.Timer(label: "bkend_sync_request_seconds", dimensions: dimensions)
                .recordNanoseconds(Int64(elapsed / .nanoseconds(1)))
            logger.debug(
                "sync request",
                metadata: [
                    "request": "\(id)", "operation": "\(operation)", "table": "\(table)",
                    "entries": "\(request.entries.count)", "outcome": "\(outcome)", "elapsed": "\(elapsed)",
                ])
            return response
        }
    }

    /// Notes a status that differs from the last one.
    func note(_ status: SyncStatus, after last: SyncStatus) {
        pending.record(status.pending)
        failed.record(status.failed)
        unresolved.record(status.unresolved)
        guard status.state != last.state else { return }
        var metadata: Logger.Metadata = ["pending": "\(status.pending)", "failed": "\(status.failed)"]
        if let code = status.lastError?.code { metadata["code"] = "\(code)" }
        if let operation = status.lastError?.operation { metadata["operation"] = "\(operation)" }
        // Every poll begins and ends: no news for a log.
        let isRoutine = Self.isRoutine(status.state) && Self.isRoutine(last.state)
        logger.log(level: isRoutine ? .debug : .info, "sync is \(Self.name(status.state))", metadata: metadata)
    }

    /// The leader lock can't be used; the candidate goes on trying, and says so once.
    func note(brokenLock error: any Error) {
        logger.warning("the leader lock can't be used; the client keeps trying", metadata: ["error": "\(error)"])
    }

    private static func isRoutine(_ state: SyncStatus.State) -> Bool {
        switch state {
        case .stopped, .idle, .syncing: true
        case .offline, .waiting, .paused, .signedOut: false
        }
    }

    private static func outcome(_ response: SyncResponse) -> String {
        switch response {
        case .answered(let answer): "\(answer.status / 100)xx"
        case .notSent: "not_sent"
        case .lost: "lost"
        case .refused: "refused"
        }
    }

    private static func name(_ state: SyncStatus.State) -> String {
        switch state {
        case .stopped: "stopped"
        case .idle: "idle"
        case .syncing: "syncing"
        case .offline: "offline"
        case .waiting: "waiting"
        case .paused: "paused"
        case .signedOut: "signed out"
        }
    }
}
