import BkendWire
import Foundation

/// What the fuzzer knows of the server: the ids, tokens and accounts that its requests have made, so that later ones are
/// answered by more than 404.
struct FuzzWorld {
    /// An account whose password is known.
    struct Account {
        var id = ""
        var email: String
        var password: String
        var access = ""
        var refresh = ""
    }

    let publishableKey: String
    let secretKey: String
    /// Where the server writes its mails.
    let mails: String
    var records: [String: [String]] = [:]
    /// Subscriptions of the change feed, with how far they have come.
    var cursors: [JSONObject] = []
    var accounts: [Account] = []
    var uploads: [Upload] = []
    var partUploads: [PartUpload] = []
    var avatars: [Upload] = []
    var files: [String] = []
    var number = 0

    static let tables = ["open", "strict", "narrow"]

    /// One table that takes everything, one with every rule that a schema can have, one with rules of access.
    static let definitions: JSON = [
        "tables": [
            [
                "name": "open",
                "permissions": ["guest": ["create": true, "read": true, "list": true, "update": true, "delete": true]],
            ],
            [
                "name": "strict", "additionalProperties": false,
                "schema": [
                    "properties": [
                        "title": ["type": "string", "required": true, "minLength": 1, "maxLength": 200],
                        "kind": ["type": "string", "enum": .array((0..<200).map { .string("kind number \($0)") })],
                        "kinds": [
                            "type": "array",
                            "items": ["type": "string", "enum": .array((0..<200).map { .string("kind \($0)") })],
                        ],
                        "slug": ["type": "string", "unique": true, "pattern": "^[a-z0-9-]{1,50}$"],
                        "views": ["type": "int", "minimum": 0, "default": 0], "when": ["type": "date"],
                        "author": ["type": "object", "properties": ["name": ["type": "string", "required": true]]],
                    ]
                ],
                "indexes": [["name": "by_views", "fields": ["views": -1, "title": 1]]],
                "permissions": ["guest": ["create": true, "read": true, "list": true, "update": true, "delete": true]],
            ],
            [
                "name": "narrow", "searchIndex": true,
                "schema": ["properties": ["text": ["type": "string"], "secret": ["type": "string", "maxLength": 10]]],
                "columnPermissions": ["secret": ["read": "admin", "write": "self | admin"]],
                "rowFilters": [["expression": "user", "filter": ["text": ["$ne": "hidden"]]]],
                "expressionPermissions": [
                    "create": "user | admin", "read": "user | guest", "list": "user | guest", "update": "self | admin",
                    "delete": "self | admin",
                ],
            ],
        ]
    ]

    mutating func unique(_ prefix: String) -> String {
        number += 1
        return "\(prefix)\(number)"
    }

    /// The newest token that was mailed to an address, if any mail is left; mails are removed as they are read.
    func mailedToken(to email: String) -> String? {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: mails)) ?? []).sorted().reversed()
        var token: String?
        // What has another ending is still being written.
        for name in names where name.hasSuffix(".eml") {
            let path = mails + "/" + name
            guard let text = try? String(contentsOfFile: path, encoding: .utf8), text.contains(email) else { continue }
            try? FileManager.default.removeItem(atPath: path)
            if token == nil { token = text.firstMatch(of: /[A-Za-z0-9_-]{43}/).map { String($0.output) } }
        }
        return token
    }

    /// Remembers what an answer has made or ended.
    mutating func learn(_ route: FuzzedRoute, _ request: FuzzRequest, _ answer: FuzzConnection.Answer) {
        guard (200...299).contains(answer.status) else { return }
        if route.isOfFiles { return learnFile(route, request, answer) }
        let last = request.path.split(separator: "/").last.map(String.init) ?? ""
        switch (route.method, route.pattern) {
        case ("POST", "/v1/data/:table"):
            let made = answer.json["items"]?.arrayValue ?? [answer.json]
            for record in made { if let id = record["id"]?.stringValue { remember(id, in: last) } }
        case ("POST", "/x1/changes"): learnChanges(request, answer)
        case ("DELETE", "/v1/data/:table/:id"):
            for table in Self.tables { records[table]?.removeAll { $0 == last } }
        case ("POST", "/v1/auth/email/signup"), ("POST", "/v1/auth/email/signin"), ("POST", "/v1/auth/refresh"):
            learnTokens(request, answer)
        case ("POST", "/v1/auth/signout"), ("DELETE", "/v1/auth/sessions/:id"):
            forgetTokens(of: request)
        case ("POST", "/v1/auth/password/change"), ("POST", "/v1/auth/password/reset/confirm"):
            let password = request.body?["newPassword"]?.stringValue
            let email = request.body?["email"]?.stringValue
            for index in accounts.indices where accounts[index].email == email || Self.uses(request, accounts[index]) {
                accounts[index].password = password ?? accounts[index].password
                accounts[index].access = ""
                accounts[index].refresh = ""
            }
        case ("DELETE", "/v1/auth/withdraw"): accounts.removeAll { Self.uses(request, $0) }
        case ("DELETE", "/v1/users/:id"): accounts.removeAll { $0.id == last }
        case ("POST", "/v1/users"):
            if let id = answer.json["id"]?.stringValue, let email = request.body?["email"]?.stringValue {
                let password = request.body?["password"]?.stringValue ?? ""
                accounts.append(Account(id: id, email: email, password: password))
            }
        default: break
        }
        if accounts.count > 60 { accounts.removeFirst(accounts.count - 40) }
    }

    private mutating func remember(_ id: String, in table: String) {
        records[table, default: []].append(id)
        if records[table, default: []].count > 200 { records[table]?.removeFirst(100) }
    }

    private mutating func learnTokens(_ request: FuzzRequest, _ answer: FuzzConnection.Answer) {
        guard let access = answer.json["accessToken"]?.stringValue,
            let refresh = answer.json["refreshToken"]?.stringValue
        else { return }
        let email = request.body?["email"]?.stringValue
        let old = request.body?["refreshToken"]?.stringValue
        let index = accounts.firstIndex { email != nil ? $0.email == email : $0.refresh == old && old != nil }
        if let index {
            accounts[index].access = access
            accounts[index].refresh = refresh
        } else if let email, let id = answer.json["user"]?["id"]?.stringValue {
            let password = request.body?["password"]?.stringValue ?? ""
            accounts.append(Account(id: id, email: email, password: password, access: access, refresh: refresh))
        }
    }

    private mutating func forgetTokens(of request: FuzzRequest) {
        for index in accounts.indices where Self.uses(request, accounts[index]) {
            accounts[index].access = ""
            accounts[index].refresh = ""
        }
    }

    private static func uses(_ request: FuzzRequest, _ account: Account) -> Bool {
        !account.access.isEmpty && request.headers.contains { $0.value == "Bearer \(account.access)" }
    }
}
