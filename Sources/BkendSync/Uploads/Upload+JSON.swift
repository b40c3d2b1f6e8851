import BkendWire

extension Upload {
    /// As the store keeps it.
    var json: JSONObject {
        var json: JSONObject = ["step": .string(step.rawValue), "marked": .bool(isMarked)]
        if isInParts { json["parts"] = true }
        json["key"] = key.map { .object($0.json) }
        json["surplus"] = surplus.map(JSON.string)
        let counts = [
            ("refusals", refusals), ("losses", losses), ("mismatches", mismatches), ("misses", misses), ("page", page),
        ]
        for (name, count) in counts where count != 0 { json[name] = .int(Int64(count)) }
        return json
    }

    /// An upload as the store has kept it. One that can't be understood begins anew.
    init(stored text: JSONObject) {
        func count(_ name: String) -> Int { text[name]?.intValue.flatMap { Int(exactly: $0) } ?? 0 }
        self.init(
            text["step"]?.stringValue.flatMap { Step(rawValue: $0) } ?? .waiting,
            isInParts: text["parts"]?.boolValue ?? false, key: UploadKey(stored: text["key"]),
            isMarked: text["marked"]?.boolValue ?? false, refusals: count("refusals"), losses: count("losses"),
            mismatches: count("mismatches"), misses: count("misses"), page: max(1, count("page")),
            surplus: text["surplus"]?.stringValue)
    }
}
