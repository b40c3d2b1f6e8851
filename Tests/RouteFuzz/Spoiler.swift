import BkendWire

/// Spoils valid requests, one or two places at a time.
enum Spoiler {
    static func spoil(_ request: FuzzRequest, _ random: inout FuzzRandom) -> FuzzRequest {
        var request = request
        for _ in 0...(random.once(in: 4) ? 1 : 0) { once(&request, &random) }
        return request
    }

    private static func once(_ request: inout FuzzRequest, _ random: inout FuzzRandom) {
        let choices = request.body == nil ? 6 : 14
        switch Int.random(in: 0..<choices, using: &random) {
        case 0: request.headers.removeAll { $0.name == "X-API-Key" }
        case 1: headers(&request, &random)
        case 2: request.method = random.pick(["PUT", "PATCH", "DELETE", "POST", "GET", "TRACE"]) ?? "PUT"
        case 3: path(&request, &random)
        case 4, 5: query(&request, &random)
        case 6:
            request.contentType = random.pick(["text/plain", "", "application/xml", "application/json;x=\u{1}"]) ?? ""
        case 7: raw(&request, &random)
        case 8: request.body = random.json()
        case 9: request.body = hostile(&random)
        default:
            guard let body = request.body else { return }
            request.body = node(of: body, &random)
        }
    }

    private static func headers(_ request: inout FuzzRequest, _ random: inout FuzzRandom) {
        let name = random.pick([
            "X-API-Key", "Authorization", "X-Request-Id", "X-Forwarded-For", "Origin", "User-Agent",
        ])
        let value = String(random.text().unicodeScalars.filter { $0.value > 31 && $0.value < 127 }.prefix(20_000))
        request.headers.removeAll { $0.name == name }
        request.headers.append((name ?? "X-API-Key", name == "Authorization" ? "Bearer " + value : value))
    }

    private static func path(_ request: inout FuzzRequest, _ random: inout FuzzRandom) {
        var parts = request.path.split(separator: "/").map(String.init)
        guard !parts.isEmpty else { return }
        let raw = ["%00", "%2f", "%zz", "%", "..", "%E2%80%AE", "%ff", "spec", "openapi", "$", "a b"]
        let text = QueryItem.encode([QueryItem("", random.text())]).dropFirst()
        // A space would end the target.
        let part = random.once(in: 2) ? (random.pick(raw) ?? "").replacing(" ", with: "%20") : String(text)
        parts[Int.random(in: 0..<parts.count, using: &random)] = part
        if random.once(in: 5) { parts.append(part) }
        request.path = "/" + parts.joined(separator: "/")
    }

    private static func query(_ request: inout FuzzRequest, _ random: inout FuzzRandom) {
        let names = [
            "page", "limit", "offset", "sortBy", "sortDirection", "search", "searchType", "andFilters", "orFilters",
            "select",
            "fields", "andFilters[n]", "where", "orderBy", "pageSize", "filter[owner]", "cursor", "includeAccounts",
        ]
        let filters = [
            "{", "[]", "{\"$or\":[]}", "{\"a\":{\"$where\":\"1\"}}", "{\"a\":{\"$regex\":\"(a+)+$\"}}", "{\"\":1}",
            "{\"$a\":1}", "{\"a\":{\"$in\":1}}", "{\"a\":{\"$gt\":[1]}}", "{\"a\":1,\"a\":2}",
            "{\"a\":{\"$in\":[\(String(repeating: "1,", count: 1_200))1]}}",
            String(repeating: "{\"a\":", count: 40) + "1" + String(repeating: "}", count: 40),
        ]
        switch Int.random(in: 0..<4, using: &random) {
        case 0: request.rawQuery = random.pick(["%", "=&=&", "limit=%zz", "a=\u{7f}", "limit=1&limit=2", "page=0"])
        case 1: request.query.append((random.pick(["andFilters", "orFilters"]) ?? "", random.pick(filters) ?? ""))
        default:
            request.query.append((random.pick(names) ?? "", String(random.text().prefix(17_000))))
        }
    }

    private static func raw(_ request: inout FuzzRequest, _ random: inout FuzzRandom) {
        var bytes = request.body?.serialized() ?? []
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        case 1 where !bytes.isEmpty:
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes = Array(#"{"a":1,"a":2}"#.utf8)
        case 3: bytes = Array(String(repeating: "[", count: 100_000).utf8)
        default: bytes += [UInt8](repeating: 32, count: random.length())
        }
        request.rawBody = bytes
    }

    /// Bodies that once cost a server its life, and their like.
    private static func hostile(_ random: inout FuzzRandom) -> JSON {
        let dollars = JSONObject((0..<Int.random(in: 1...6_000, using: &random)).map { ("$\($0)", 1) })
        let name = String(repeating: "n", count: Int.random(in: 1...400_000, using: &random))
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return .object([name: .object(dollars)])
        case 1: return ["kinds": .array((0..<Int.random(in: 0...20_000, using: &random)).map { .string("\($0)") })]
        case 2: return .array((0..<Int.random(in: 0...1_001, using: &random)).map { _ in .object([:]) })
        case 3: return (0..<60).reduce(JSON.object(dollars)) { inner, _ in .object([String(name.prefix(900)): inner]) }
        default: return .object(JSONObject((0..<Int.random(in: 0...49_000, using: &random)).map { ("f\($0)", .null) }))
        }
    }

    /// The same JSON with another value, or one more member, somewhere.
    private static func node(of json: JSON, _ random: inout FuzzRandom) -> JSON {
        if random.once(in: 4) { return random.json() }
        switch json {
        case .object(var object):
            if random.once(in: 3) {
                object[random.text()] = random.json(depth: 1)
            } else if let name = random.pick(object.map(\.key)), let old = object[name] {
                object[name] = node(of: old, &random)
            }
            return .object(object)
        case .array(var array) where !array.isEmpty:
            let index = Int.random(in: 0..<array.count, using: &random)
            array[index] = node(of: array[index], &random)
            return .array(array)
        default: return random.json()
        }
    }
}
