import BkendWire

extension FuzzWorld {
    /// A request for changes: of subscriptions that begin, and of some that go on.
    mutating func validChanges(
        _ route: FuzzedRoute, _ request: FuzzRequest, _ random: inout FuzzRandom
    ) -> (FuzzedRoute, FuzzRequest) {
        var request = request
        let filters: [JSON] = [["n": ["$gte": 10]], ["tags": "a"], ["text": ["$regex": "^long"]], ["deep.a.b": 2]]
        var subscriptions: [JSON] = []
        for number in 0..<Int.random(in: 1...4, using: &random) {
            var subscription: JSONObject = ["table": .string(random.once(in: 4) ? "strict" : "open")]
            if random.once(in: 2), let filter = random.pick(filters) { subscription["andFilters"] = filter }
            if random.once(in: 2), let known = random.pick(cursors) { subscription = known }
            subscription["name"] = .string("s\(number)")
            if random.once(in: 3) { subscription["limit"] = .int(Int64.random(in: 1...1_000, using: &random)) }
            subscriptions.append(.object(subscription))
        }
        request.body = ["subscriptions": .array(subscriptions)]
        return (route, request)
    }

    /// Remembers how far subscriptions have come.
    mutating func learnChanges(_ request: FuzzRequest, _ answer: FuzzConnection.Answer) {
        let asked = request.body?["subscriptions"]?.arrayValue ?? []
        for (subscription, page) in zip(asked, answer.json["subscriptions"]?.arrayValue ?? []) {
            guard var known = subscription.objectValue, let cursor = page["cursor"] else { continue }
            known["since"] = cursor
            cursors.append(known)
        }
        if cursors.count > 60 { cursors.removeFirst(cursors.count - 40) }
    }
}
