import BkendWire
import Foundation

/// What the engine holds between events; all of it may be lost at a crash. A value, so that an event whose transaction
/// fails changes nothing.
struct EngineState: Sendable {
    /// Whether the app called `pause`.
    var isPaused = false
    /// Whether the system says that there is no network.
    var isUnreachable = false
    /// What the machines share.
    var shared: SharedState
    /// The writes of the outbox.
    var push = PushMachine()
    /// The files of the outbox.
    var uploads = UploadMachine()
    /// The files that subscriptions keep.
    var downloads = DownloadMachine()
    /// The subscriptions.
    var pull = PullMachine()
    /// When the timer is set to.
    var wake: SyncInstant?
    /// The status that was published last.
    var status = SyncStatus()
    /// The dates that the status has for moments of the engine's clock.
    var dates: [SyncInstant: Date] = [:]
    /// The outbox's counts and the version they were taken at.
    var counts: (version: Int64, counts: OutboxCounts)?

    /// The state of an engine that doesn't lead.
    init(random: SyncRandom, next: RequestID = RequestID(number: 1)) {
        shared = SharedState(flights: Flights(next: next), random: random)
    }

    /// What is left when the engine lets go of everything.
    var letGo: EngineState {
        var rest = EngineState(random: shared.random, next: shared.flights.next)
        rest.shared.session = shared.session.atRest
        rest.isPaused = isPaused
        rest.isUnreachable = isUnreachable
        return rest
    }

    /// A request's answer is not coming, or came to nothing.
    mutating func abandon(_ flight: Flight) {
        shared.abandon(flight)
        if case .pull(let number, let ask) = flight.errand { pull.abandon(number, ask) }
    }
}
