public import BkendSync

/// Options for synchronising a store.
///
/// ```swift
/// var options = SyncOptions()
/// options.conflicts = .serverWins
/// options.shortestPoll = .seconds(2)
/// try await store.sync.start(options)
/// ```
public struct SyncOptions: Sendable {
    /// The number of records whose writes are sent in parallel; 1 sends everything in strict order.
    public var lanes = engine.lanes
    /// The maximum duration of a request, 30 seconds unless set.
    public var requestDeadline = engine.requestDeadline
    /// How long the server may keep working on a request whose response was lost, 60 seconds unless set; longer than the
    /// server's own timeout. A create is looked up for this long before it is sent again.
    public var serverTimeout = engine.serverTimeout
    /// The shortest time between two polls of a subscription, 5 seconds unless set. Polls become less frequent while
    /// nothing changes.
    public var shortestPoll = engine.pollFloor
    /// The longest time between two polls of a subscription, 60 seconds unless set.
    public var longestPoll = engine.pollCeiling
    /// Which files are sent without being asked. The others wait for ``LocalSync/uploadNow()``, and so do the records that
    /// name them.
    public var uploads = UploadPolicy.always
    /// The policy for fields that were changed both here and on the server. Every conflict is reported, whoever wins.
    public var conflicts = ConflictPolicy.clientWins
    /// Conflict policies for single tables, by name. A subscription's own policy overrides both.
    public var conflictsByTable: [String: ConflictPolicy] = [:]
    /// What happens to a change of a record that was deleted elsewhere. It is reported either way.
    public var deletedElsewhere = DeletedElsewherePolicy.stayDeleted
    /// Policies for single tables, by name.
    public var deletedElsewhereByTable: [String: DeletedElsewherePolicy] = [:]
    /// What happens if the server's responses show that most rows of a subscription are gone.
    public var massRemoval = MassRemoval.afterSecondLook

    /// The engine's own numbers.
    private static let engine = SyncConfiguration(server: "")

    /// Creates the default options: eight lanes, polls every 5 to 60 seconds, and the client's value wins.
    public init() {}

    /// As the engine takes them.
    func configuration(server: String, bySubscription: [Int64: ConflictPolicy]) -> SyncConfiguration {
        var configuration = SyncConfiguration(server: server)
        configuration.lanes = max(1, lanes)
        configuration.requestDeadline = requestDeadline
        configuration.serverTimeout = serverTimeout
        configuration.pollFloor = shortestPoll
        configuration.pollCeiling = max(shortestPoll, longestPoll)
        configuration.massRemoval = massRemoval
        configuration.uploads = uploads
        configuration.policies = policies(bySubscription: bySubscription)
        return configuration
    }

    /// As the engine takes them.
    func policies(bySubscription: [Int64: ConflictPolicy]) -> SyncPolicies {
        var policies = SyncPolicies()
        policies.conflict = conflicts
        policies.conflictByTable = conflictsByTable
        policies.conflictBySubscription = bySubscription
        policies.deletedElsewhere = deletedElsewhere
        policies.deletedElsewhereByTable = deletedElsewhereByTable
        return policies
    }
}
