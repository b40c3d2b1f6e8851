import ArgumentParser
import Bkend
import BkendSync
import BkendWire

struct StoreStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show whose store it is, what it holds and what waits for the server.")

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.run { store, output in
            let counts = try await store.outbox.counts()
            let subscriptions = try await store.subscriptions()
            var tables: [JSONObject] = []
            for table in try await store.tables() {
                tables.append(["table": .string(table), "records": .int(Int64(try await store.table(table).count()))])
            }
            let status: JSONObject = [
                "owner": .string(store.userID.isEmpty ? "guest" : store.userID),
                "health": .string(try store.health.words),
                "synchronised": .string(store.isLed ? "by a process that runs now" : "by no process now"),
                "bytes": .int(try await store.usedBytes()), "queued": .int(Int64(counts.queued)),
                "sending": .int(Int64(counts.sending)), "blocked": .int(Int64(counts.blocked)),
                "failed": .int(Int64(counts.failed)), "unresolved": .int(Int64(counts.unresolved)),
                "reports": .int(Int64(counts.reports)),
            ]
            if output.isJSON {
                var all = status
                all["tables"] = .array(tables.map(JSON.object))
                all["subscriptions"] = .array(subscriptions.map { .object($0.described) })
                return output.record(all)
            }
            output.record(status)
            if !tables.isEmpty {
                output.line("")
                output.table(tables)
            }
            if !subscriptions.isEmpty {
                output.line("")
                output.table(subscriptions.map(\.described))
            }
        }
    }
}

extension LocalSubscription {
    /// The subscription for people.
    fileprivate var described: JSONObject {
        ["subscription": .int(id), "table": .string(table), "filter": .string(filter == .all ? "" : filter.text)]
    }
}

extension StoreHealth {
    /// The health in words.
    var words: String {
        switch self {
        case .unsuspicious: "no damage seen"
        case .sound: "sound"
        case .checking: "being checked"
        case .unknown(let why): "unknown: \(why)"
        case .readOnly(let why): "can't be written: \(why)"
        case .damaged(let why): "damaged: \(why); the next opening saves what can be read"
        }
    }
}
