import Load

/// The server that is attacked, as its clients know it.
struct Target: Sendable {
    let port: Int
    let keys: ServerProcess.Keys
    /// The ids of large records, which hostile readers ask for.
    var large: [String] = []

    /// What the server is made with. `things` is the honest clients' table; the others are what attackers have found.
    static let tables = """
        {"tables":[
        {"name":"things","schema":{"properties":{"name":{"type":"string"},"n":{"type":"int"}}},
        "indexes":[{"name":"by_n","fields":{"n":1}}],
        "permissions":{"guest":{"create":true,"read":true,"list":true,"update":true,"delete":true}}},
        {"name":"large","permissions":{"guest":{"read":true,"list":true}}},
        {"name":"texts","permissions":{"guest":{"create":true,"read":true,"list":true}}},
        {"name":"choices","schema":{"properties":{"items":{"type":"array","items":{"type":"string","enum":[
        \((0..<200).map { "\"a rather long name of a choice, number \($0)\"" }.joined(separator: ","))]}}}},
        "permissions":{"guest":{"create":true,"read":true}}}]}
        """

    /// Puts in what the attacks read: records of 1 MiB, and texts for patterns.
    mutating func seed() throws {
        let connection = try Connection(port: port)
        func create(_ table: String, _ json: String) throws -> Answer {
            try connection.send(Request("POST", "/v1/data/\(table)", key: keys.secretKey, json: json).bytes)
            guard let answer = try connection.answer(), answer.status == 201 else {
                throw Connection.Failure(call: "seeding \(table)")
            }
            return answer
        }
        let text = String(repeating: "x", count: 1_000_000)
        for number in 0..<100 {
            let answer = try create("large", #"{"n":\#(number),"text":"\#(text)"}"#)
            if let id = answer.member("id") { large.append(id) }
        }
        for batch in 0..<20 {
            let rows = (0..<1_000).map { #"{"text":"\#(String(repeating: "ab", count: 100))!\#(batch)-\#($0)"}"# }
            _ = try create("texts", "[\(rows.joined(separator: ","))]")
        }
        let things = (0..<1_000).map { #"{"name":"thing \#($0)","n":\#($0 % 100)}"# }
        _ = try create("things", "[\(things.joined(separator: ","))]")
    }
}
