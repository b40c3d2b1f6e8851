extension EngineTransaction: PullStore {
    func subscription(_ number: Int64) throws -> Subscription? { try store.subscriptions.subscription(number) }

    func setProgress(_ progress: PullProgress, of number: Int64) throws {
        try store.subscriptions.setProgress(progress, of: number)
    }

    func hasKeylessCreateOnItsWay(_ table: String) throws -> Bool { try store.queue.hasKeylessCreateOnItsWay(table) }

    func isInFlight(_ table: String, _ id: String) throws -> Bool { try store.queue.isInFlight(table, id) }

    func settledMark(_ table: String, _ id: String) throws -> Int64? { try store.settled.mark(of: table, id) }

    func clearSettled(table: String, upTo mark: Int64) throws { try store.settled.clear(table: table, upTo: mark) }

    // MARK: Members

    func memberCount(of number: Int64) throws -> Int { try store.members.count(of: number) }

    func memberCount(of number: Int64, in range: IDRange) throws -> Int {
        try store.members.count(of: number, in: range)
    }

    func member(at position: Int, of number: Int64, in range: IDRange) throws -> String? {
        try store.members.member(at: position, of: number, in: range)
    }

    func members(of number: Int64, in range: IDRange) throws -> [String] {
        try store.members.all(of: number, in: range)
    }

    func newestSynced(_ number: Int64, _ query: SubscriptionQuery, among limit: Int) throws -> String? {
        try store.members.newestSynced(number, query.table, query.filter.filter, among: limit)
    }

    func confirmMembers(of number: Int64) throws { try store.members.confirm(number) }

    func lose(_ number: Int64, _ ids: [String]) throws {
        try store.members.lose(number, ids)
        try store.forgetting.left(number, ids)
    }

    func dropUnheld(_ table: String) throws { try store.holding.dropUnheld(table) }
}
