import BkendAccounts
import BkendDocuments
import BkendWire
import HTTPTypes
import Logging

/// What a server started with `--explain` says of a list's plan: to admins in a header, to its operator in the log.
struct QueryExplanation: Sendable {
    let logger: Logger

    /// From when on a list is worth a line.
    static let slow = Duration.milliseconds(100)

    /// Puts the plan into the answer, and into the log where the list was slow or may grow so with its table.
    ///
    /// Admins alone see it: an index's name may tell of fields that others may not know of.
    func explain(_ plan: QueryPlan, of table: String, to caller: Caller, took: Duration, in answer: inout RouteAnswer) {
        if caller.isAdmin { answer.headers[.explain] = plan.headerValue }
        let isSlow = took >= Self.slow
        guard isSlow || plan.isFullScan else { return }
        // Neither the filter nor its values: they may be somebody's name.
        let milliseconds = Int(took / .milliseconds(1))
        logger.debug(
            isSlow ? "slow list" : "full scan",
            metadata: ["table": "\(table)", "plan": "\(plan)", "milliseconds": "\(milliseconds)"])
    }
}

extension QueryPlan {
    /// The plan as one line of JSON in ASCII, as header fields want it (RFC 9110 §5.5).
    var headerValue: String {
        var json: JSONObject = ["source": .string(sourceName)]
        switch source {
        case .index(let name, let ranges):
            json["index"] = .string(name)
            json["ranges"] = .int(Int64(ranges))
        case .ids(let count): json["ids"] = .int(Int64(count))
        case .search(let trigrams): json["trigrams"] = .int(Int64(trigrams))
        case .nothing, .idOrder, .scan: break
        }
        json["served"] = .int(Int64(served))
        json["recheck"] = .bool(rechecks)
        json["sort"] = .bool(sorts)
        json["fullScan"] = .bool(isFullScan)
        var value = ""
        for unit in String(decoding: json.serialized(), as: UTF8.self).utf16 {
            if unit < 0x7F {
                value.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                value += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return value
    }

    private var sourceName: String {
        switch source {
        case .nothing: "nothing"
        case .ids: "ids"
        case .index: "index"
        case .search: "search"
        case .idOrder: "idOrder"
        case .scan: "scan"
        }
    }
}

extension HTTPField.Name {
    /// The plan of a list, from a server started with `--explain`.
    static let explain = HTTPField.Name("X-Bkend-Explain")!  // a constant that is a valid name
}
