import BkendWire

/// What the pull and the comparison ask of the store.
protocol PullStore: EngineStore {
    /// A subscription, nil when there is none of that number.
    func subscription(_ number: Int64) throws -> Subscription?
    /// Keeps how far a subscription has come.
    func setProgress(_ progress: PullProgress, of number: Int64) throws
    /// Whether a create without key is on its way, or may have been applied: pulls of the table wait until that is known.
    func hasKeylessCreateOnItsWay(_ table: String) throws -> Bool
    /// Whether an entry of a record is on its way.
    func isInFlight(_ table: String, _ id: String) throws -> Bool
    /// The mark at which a record's write was last answered, nil when it isn't remembered.
    func settledMark(_ table: String, _ id: String) throws -> Int64?
    /// Forgets what was settled up to a mark.
    func clearSettled(table: String, upTo mark: Int64) throws

    // MARK: Members

    /// How many members a subscription has.
    func memberCount(of number: Int64) throws -> Int
    /// How many members a range has.
    func memberCount(of number: Int64, in range: IDRange) throws -> Int
    /// The member at a position of a range, ascending by id.
    func member(at position: Int, of number: Int64, in range: IDRange) throws -> String?
    /// The members of a range, ascending.
    func members(of number: Int64, in range: IDRange) throws -> [String]
    /// The greatest `updatedAt` of a member without local writes, among so many of the newest records that match.
    func newestSynced(_ number: Int64, _ query: SubscriptionQuery, among limit: Int) throws -> String?
    /// Confirms all provisional members.
    func confirmMembers(of number: Int64) throws
    /// Ends the membership of records.
    func lose(_ number: Int64, _ ids: [String]) throws
    /// Removes a table's records that nothing holds.
    func dropUnheld(_ table: String) throws
}

/// The members of one subscription, for a bisection.
struct SubscriptionMembers<Store: PullStore>: Bisection.Members {
    let store: Store
    let number: Int64

    func count(in range: IDRange) throws -> Int { try store.memberCount(of: number, in: range) }

    func id(at position: Int, in range: IDRange) throws -> String? {
        try store.member(at: position, of: number, in: range)
    }
}
