import BkendWire

extension RouteAnswer {
    /// The answer to a write, with the place of its last change; of one that changed nothing there is none to tell.
    func at(_ written: WrittenPosition) -> RouteAnswer {
        guard let position = written.position else { return self }
        var answer = self
        answer.headers[Extensions.position] = LogPosition.text(position)
        return answer
    }
}

extension RecordRoutes {
    /// `POST /x1/changes`: what has changed since the cursors of a client's subscriptions.
    func changes(_ body: BodyReader.Body) async throws -> RouteAnswer {
        let (caller, answers) = (caller, answers)
        let budget = FeedBudget(time: .milliseconds(limits.changesMilliseconds))
        let request = try await store.engine.work(.body(bytes: body.count)) { try FeedRequest(try body.json()) }
        let out = try await store.query(limit: queryLimit) { session, attempt in
            try attempt.expect(.query(bytes: body.count))
            let pages = try FeedReader(caller: caller, budget: budget).pages(request, attempt, in: session)
            var out = AnswerBody(on: answers)
            try out.write(#"{"subscriptions":["#)
            for (index, page) in pages.enumerated() {
                if index > 0 { try out.write(",") }
                try page.write(request.subscriptions[index].name, time: session.now, into: &out)
            }
            try out.write("]}")
            return out
        }
        return RouteAnswer(body: out)
    }
}
