public import BkendSync

/// How a store is synchronised.
public struct SyncOptions: Sendable {
    /// How many records' writes are on their way side by side; 1 sends everything in strict order.
    public var lanes = 8
    /// How long a request may take.
    public var requestDeadline = Duration.seconds(30)
    /// How long the server may go on working at a request whose answer was lost; longer than its own time-out. A create
    /// is looked up for so long before it is sent again.
    public var serverTimeout = Duration.seconds(60)
    /// The shortest time between two looks at a subscription. They become rarer while nothing changes.
    public var shortestPoll = Duration.seconds(5)
    /// The longest time between two looks at a subscription.
    public var longestPoll = Duration.seconds(60)
    /// Who wins where a field was changed here and on the server. Every conflict is reported, whoever wins.
    public var conflicts = ConflictPolicy.clientWins
    /// The same for some tables, by name. A subscription's own policy comes before both.
    public var conflictsByTable: [String: ConflictPolicy] = [:]
    /// What becomes of a change of a record that was deleted elsewhere. It is reported either way.
    public var deletedElsewhere = DeletedElsewherePolicy.stayDeleted
    /// The same for some tables, by name.
    public var deletedElsewhereByTable: [String: DeletedElsewherePolicy] = [:]
    /// What happens when the server's answers say that most rows of a subscription are gone.
    public var massRemoval = MassRemoval.afterSecondLook

    /// The options that hold unless said otherwise: eight lanes, polls every 5 to 60 seconds, the client's value wins.
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
