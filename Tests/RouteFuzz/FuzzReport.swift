/// What a run of the fuzzer met.
package struct FuzzReport: Sendable, CustomStringConvertible {
    /// The answers of one route.
    struct Count: Sendable {
        var good = 0
        var refused = 0
        var largest = 0
    }

    /// What must not be, each with the request that brought it about.
    package fileprivate(set) var faults: [String] = []
    private var counts: [FuzzedRoute: Count] = [:]
    private(set) var requests = 0
    /// The largest growth of resident memory over a batch of requests, in bytes.
    var growth = 0
    /// The fewest answers of each kind that each route must have had.
    let least: Int

    init(least: Int) { self.least = least }

    /// Whether nothing was wrong, and every route was answered well and refused as often as was asked for.
    package var isWell: Bool { faults.isEmpty && hungry.isEmpty }

    /// The routes that lack answers of either kind.
    package var hungry: [FuzzedRoute] {
        FuzzedRoute.all.filter { route in
            let count = counts[route] ?? Count()
            return count.good < least || count.refused < least
        }
    }

    /// Whether a route has had enough of the answers of one kind.
    func hasEnough(_ route: FuzzedRoute, good: Bool) -> Bool {
        let count = counts[route] ?? Count()
        return (good ? count.good : count.refused) >= least
    }

    mutating func add(_ route: FuzzedRoute, _ answer: FuzzConnection.Answer) {
        requests += 1
        if answer.status < 300 { counts[route, default: Count()].good += 1 }
        if (400...499).contains(answer.status) { counts[route, default: Count()].refused += 1 }
        counts[route, default: Count()].largest = max(counts[route]?.largest ?? 0, answer.body.count)
    }

    mutating func fault(_ what: String, _ request: FuzzRequest) {
        guard faults.count < 20 else { return }
        let bytes = request.bytes
        let head = String(decoding: bytes.prefix(600), as: UTF8.self)
        faults.append("\(what)\n\(head)\(bytes.count > 600 ? " … \(bytes.count) bytes" : "")")
    }

    package var description: String {
        var lines = ["2xx      4xx      largest  route"]
        for route in FuzzedRoute.all {
            let count = counts[route] ?? Count()
            let cells = [count.good, count.refused, count.largest].map { number in
                let text = String(number)
                return text + String(repeating: " ", count: max(1, 9 - text.count))
            }
            lines.append(cells.joined() + "\(route)\(hungry.contains(route) ? "   TOO FEW" : "")")
        }
        lines.append("\(requests) requests, memory grew by \(growth >> 20) MiB at most")
        lines += faults.map { "FAULT: \($0)" }
        return lines.joined(separator: "\n")
    }
}
