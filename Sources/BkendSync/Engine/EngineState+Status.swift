import BkendWire
import Foundation

/// When the engine wakes, and what it shows.
extension EngineState {
    /// The next moment at which something is due; nil when only an event can change anything.
    func nextWake(after now: SyncInstant) -> SyncInstant? {
        guard shared.epoch != nil, !isPaused, shared.session.user != nil, !isUnreachable else { return nil }
        if let closed = shared.gate.closedUntil, closed > now {
            // Bytes go to a storage all the same.
            return ([closed] + (uploads.moments + downloads.moments).filter { $0 > now }).min()
        }
        // The gate is ajar: the request under way decides.
        if shared.gate.closedUntil != nil, shared.flights.toServer > 0 { return nil }
        var moments = [shared.session.retryAt, shared.session.identityWait?.until].compactMap(\.self)
        moments += shared.tables.all.compactMap(\.specWait?.until)
        moments += push.moments
        moments += uploads.moments + downloads.moments
        moments += pull.pulls.values.map(\.due)
        return moments.filter { $0 > now }.min()
    }

    /// The status to publish.
    mutating func currentStatus(_ turn: EngineTurn<some StatusStore>) throws -> SyncStatus {
        var status = SyncStatus()
        var dates = StatusDates(known: dates, now: turn.now, date: turn.store.date)
        status.state = currentState(owner: try turn.store.owner, &dates)
        let counts = try currentCounts(turn.store)
        status.pending = counts.pending
        status.failed = counts.failed
        status.unresolved = counts.unresolved
        status.reports = counts.reports
        (status.files, status.heldFiles) = try fileStatus(turn, counts)
        status.downloads = try turn.store.downloadStatus()
        status.lastError = shared.problem
        status.subscriptions = pull.ordered.map { $0.status(at: turn.now) }
        status.pausedTables = push.pauses.sorted { $0.key < $1.key }.map { place, pause in
            TablePause(
                table: place.table, kind: place.kind, reason: pause.reason, until: dates.date(of: pause.until))
        }
        self.dates = dates.shown
        return status
    }

    /// The files that wait, and those of them that are held.
    private func fileStatus(
        _ turn: EngineTurn<some StatusStore>, _ counts: OutboxCounts
    ) throws -> (FileStatus, HeldFiles?) {
        let held = try uploads.held(by: turn.configuration.uploads, owner: turn.store.owner)
        guard counts.files.waiting > 0 else { return (FileStatus(), held) }
        var status = counts.files
        status.sent = uploads.sent
        if let held { status.held = try turn.store.heldFileCount(held) }
        return (status, held)
    }

    /// What the engine is doing for a store of an owner.
    func currentState(owner: String, _ dates: inout StatusDates) -> SyncStatus.State {
        guard shared.epoch != nil else { return .stopped }
        if isPaused { return .paused(.requested) }
        guard shared.session.isKnown else { return .paused(.noSession) }
        guard let user = shared.session.user else { return .signedOut }
        if !user.hasSameBytes(as: owner) { return .paused(.otherUser) }
        if shared.session.identity == .refused { return .paused(.otherServer) }
        if isUnreachable { return .offline }
        // Asked to try now, it is no longer known to be offline; tried by itself, it is until an answer comes.
        if shared.gate.isAsked, !shared.flights.isEmpty { return .syncing }
        if let closed = shared.gate.closedUntil {
            switch shared.gate.reason {
            case .unreachable: return .offline
            case .paused(let reason): return .paused(reason)
            case .patience, nil: return .waiting(until: dates.date(of: closed))
            }
        }
        // One thing that can't leave closes nothing, but where it is all there is to send, nobody else would say so.
        if shared.gate.isCutOff { return .offline }
        if let retryAt = shared.session.retryAt { return .waiting(until: dates.date(of: retryAt)) }
        let isBusy =
            !shared.flights.isEmpty || shared.session.isRefreshing || push.notBefore != nil
            || downloads.isLooking
        return isBusy ? .syncing : .idle
    }

    /// The outbox's counts, taken anew when it changed.
    private mutating func currentCounts(_ store: some StatusStore) throws -> OutboxCounts {
        let version = try store.outboxVersion
        if let (known, counts) = counts, known == version, !store.touchesOutbox { return counts }
        let counts = try store.outboxCounts()
        // What this transaction changes moves the version only at its end.
        self.counts = store.touchesOutbox ? nil : (version, counts)
        return counts
    }
}

/// The dates at which moments of the engine's clock come, by the device's clock. A moment keeps the date that the last
/// status had for it: taken anew, it would differ by a little and the status with it.
struct StatusDates {
    private let known: [SyncInstant: Date]
    private let now: SyncInstant
    private let present: Date
    /// The dates that this status has.
    private(set) var shown: [SyncInstant: Date] = [:]

    init(known: [SyncInstant: Date], now: SyncInstant, date: Date) {
        self.known = known
        self.now = now
        present = date
    }

    mutating func date(of moment: SyncInstant) -> Date {
        let date = known[moment] ?? present.addingTimeInterval(now.duration(to: moment) / .seconds(1))
        shown[moment] = date
        return date
    }
}
