import Foundation
import Load

extension Attack {
    /// Patterns over 20,000 texts, asked for and left.
    static let abandonedPatterns = Attack(name: "abandoned patterns", threads: 24) { target, number in
        try ask(#"{"text":{"$regex":"(a|b)*c\#(number)$"}}"#, target, number, waits: 200_000)
    }

    /// Orders of 20,000 texts by a field without an index, and writes meanwhile: readers hold the log.
    static let overlappingReads = Attack(name: "overlapping reads", threads: 8) { target, number in
        if number < 2 {
            let connection = try Connection(port: target.port, from: address)
            let rows = (0..<50).map { #"{"text":"\#(String(repeating: "w", count: 1_000))\#($0)"}"# }
            let json = "[\(rows.joined(separator: ","))]"
            try connection.send(
                Request("POST", "/v1/data/things", key: target.keys.publishableKey, json: json).bytes)
            _ = try connection.answer()
            try sweep(target, number)
        } else {
            try ask(#"{"text":{"$regex":"(a|b)*c\#(number)$"}}"#, target, number, waits: nil)
        }
    }

    /// Filters as large as they may be.
    static let manyFilters = Attack(name: "many conditions", threads: 8) { target, number in
        let values = (0..<900).map { "\"\($0)\"" }.joined(separator: ",")
        try ask(#"{"text":{"$nin":[\#(values)]},"n":{"$in":[\#(values)]}}"#, target, number, waits: nil)
    }

    /// Sign-ins that nobody waits for.
    static let abandonedSignIns = Attack(name: "abandoned sign-ins", threads: 100, isOnSignIn: true) { target, number in
        let connection = try Connection(port: target.port, from: address)
        let json = #"{"email":"somebody\#(number)@example.com","password":"not it, surely"}"#
        try connection.send(
            Request("POST", "/v1/auth/email/signin", key: target.keys.publishableKey, json: json).bytes)
        usleep(100_000)
    }

    private static func ask(_ filter: String, _ target: Target, _ number: Int, waits: UInt32?) throws {
        let connection = try Connection(port: target.port, from: address)
        let filter = filter.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        try connection.send(
            Request("GET", "/v1/data/texts?andFilters=\(filter)", key: target.keys.publishableKey).bytes)
        if let waits { usleep(waits) } else { _ = try connection.answer() }
    }

    /// Deletes what this attack has put there, so that what grows is the server's own doing.
    private static func sweep(_ target: Target, _ number: Int) throws {
        let connection = try Connection(port: target.port, from: address)
        let filter = #"{"text":{"$exists":true}}"#.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        try connection.send(
            Request("GET", "/v1/data/things?limit=50&select=id&andFilters=\(filter)", key: target.keys.publishableKey)
                .bytes)
        guard let answer = try connection.answer(keeping: 1 << 20), answer.status == 200 else { return }
        let parts = String(decoding: answer.body, as: UTF8.self).components(separatedBy: #""id":""#).dropFirst()
        for part in parts {
            let id = part.prefix { $0 != "\"" }
            try connection.send(Request("DELETE", "/v1/data/things/\(id)", key: target.keys.publishableKey).bytes)
            _ = try connection.answer()
        }
    }
}
