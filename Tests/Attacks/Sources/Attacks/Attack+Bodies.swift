import Foundation
import Load

extension Attack {
    /// A member name of 400,000 letters around 6,000 names that no member may have: each failure carries its path.
    static let longNames = Attack(name: "long names", threads: 2) { target, number in
        let inner = (0..<6_000).map { #""$\#($0)":1"# }.joined(separator: ",")
        let body = #"{"\#(String(repeating: "n", count: 400_000))":{\#(inner)}}"#
        try post(body, to: "things", target, number)
    }

    /// 80 KB of items, none of which is one of 200 choices.
    static let manyChoices = Attack(name: "many choices", threads: 2) { target, number in
        let items = (0..<16_000).map { "\"\($0)\"" }.joined(separator: ",")
        try post(#"{"items":[\#(items)]}"#, to: "choices", target, number)
    }

    /// Objects in objects, with names that may not be, as deep as the server reads.
    static let deepPaths = Attack(name: "deep paths", threads: 2) { target, number in
        let name = String(repeating: "d", count: 900)
        let open = String(repeating: #"{"\#(name)":"#, count: 60)
        let inner = (0..<5_000).map { #""$\#($0)":1"# }.joined(separator: ",")
        try post(open + "{\(inner)}" + String(repeating: "}", count: 60), to: "things", target, number)
    }

    /// A body that comes a byte at a time.
    static let slowBodies = Attack(name: "slow bodies", threads: 64) { target, number in
        let connection = try Connection(port: target.port, from: address, patience: 5)
        var request = Request("POST", "/v1/data/things", key: target.keys.publishableKey, json: "{}").bytes
        request = Array(String(decoding: request, as: UTF8.self).replacing("Length: 2", with: "Length: 200").utf8)
        try connection.send(request)
        for _ in 0..<20 {
            usleep(250_000)
            try connection.send([32])
        }
    }

    /// A body that ends with a reset.
    static let resets = Attack(name: "resets", threads: 4) { target, number in
        let connection = try Connection(port: target.port, from: address)
        let body = #"{"name":"\#(String(repeating: "r", count: 100_000))"}"#
        let request = Request("POST", "/v1/data/things", key: target.keys.publishableKey, json: body).bytes
        try connection.send(Array(request.prefix(50_000)))
        connection.reset()
    }

    /// A record that PATCH makes larger and larger.
    static let growth = Attack(name: "growth", threads: 2) { target, number in
        let connection = try Connection(port: target.port, from: address)
        let key = target.keys.publishableKey
        try connection.send(Request("POST", "/v1/data/things", key: key, json: "{}").bytes)
        guard let id = try connection.answer()?.member("id") else { return }
        let text = String(repeating: "g", count: 900_000)
        for part in 0..<40 {
            try connection.send(
                Request("PATCH", "/v1/data/things/\(id)", key: key, json: #"{"f\#(part)":"\#(text)"}"#).bytes)
            guard let answer = try connection.answer(keeping: 200), answer.status == 200 else { break }
        }
        try connection.send(Request("DELETE", "/v1/data/things/\(id)", key: key).bytes)
        _ = try connection.answer()
    }

    private static func post(_ body: String, to table: String, _ target: Target, _ number: Int) throws {
        let connection = try Connection(port: target.port, from: address)
        try connection.send(
            Request("POST", "/v1/data/\(table)", key: target.keys.publishableKey, json: body).bytes)
        _ = try connection.answer()
    }
}
