import BkendWire

@testable import BkendServer

/// Who may do what: the expected answers, derived by hand from rest-api.md §7 alone.
///
/// A block begins with `#`, then the table as JSON (its name defaults to `t`) and, behind ` ; scopes `, a key's scopes.
/// Five lines follow, one for each operation, with a letter for each caller:
///
///     guest    a publishable key alone
///     other    a signed-in user who did not create the record
///     owner    the user who created it
///     editor   a user of the role `editor` who did not create it
///     author   a user of the role `editor` who created it
///     boss     a user of the role `admin` who did not create it
///     secret   a secret key
///
/// `y` is allowed, `n` 403 data/permission-denied, `s` 403 data/system-table-access, `x` 403 data/scope-insufficient, `f` a
/// list of own records alone.
struct PermissionDecision: CustomStringConvertible, Sendable {
    var table: JSON
    var scopes: [String]?
    var operation: TableOperation
    var caller: CallerKind
    var expected: Character

    enum CallerKind: String, CaseIterable, Sendable {
        case guest, other, owner, editor, author, boss, secret

        var isOwner: Bool { self == .owner || self == .author }
        var userID: String? { self == .guest || self == .secret ? nil : rawValue }
        var role: String? {
            switch self {
            case .guest, .secret: nil
            case .other, .owner: "user"
            case .editor, .author: "editor"
            case .boss: "admin"
            }
        }
    }

    var description: String {
        "\(table) scopes \(scopes?.description ?? "none"): \(caller) \(operation) -> \(expected)"
    }

    static let all: [PermissionDecision] = {
        var decisions: [PermissionDecision] = []
        var table: JSON = .null
        var scopes: [String]?
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#") {
                let parts = line.dropFirst().split(separator: ";")
                var object = (try? JSON(parsing: String(parts[0])).objectValue) ?? [:]
                if object["name"] == nil { object["name"] = "t" }
                table = .object(object)
                scopes = parts.count == 1 ? nil : parts[1].split(separator: " ").dropFirst().map(String.init)
                continue
            }
            let words = line.split(separator: " ")
            guard let operation = TableOperation(rawValue: String(words[0])), words.count == 8 else { return [] }
            for (caller, word) in zip(CallerKind.allCases, words.dropFirst()) {
                decisions.append(
                    .init(
                        table: table, scopes: scopes, operation: operation, caller: caller, expected: word.first ?? "?")
                )
            }
        }
        return decisions
    }()

    private static let text = """
        # {}
        create  n y y y y y y
        read    y y y y y y y
        list    y y y y y y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"permissions":{}}
        create  n n n n n y y
        read    n n n n n y y
        list    n n n n n y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"permissions":{"guest":{"read":true}}}
        create  n n n n n y y
        read    y n n n n y y
        list    y n n n n y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"permissions":{"user":{"create":true,"read":true},"self":{"update":true,"delete":true},"guest":{"read":true}}}
        create  n y y y y y y
        read    y y y y y y y
        list    y y y y y y y
        update  n n y n y y y
        delete  n n y n y y y
        # {"permissions":{"user":{"read":true,"list":false},"guest":{"read":true,"list":false}}}
        create  n n n n n y y
        read    y y y y y y y
        list    n n n n n y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"permissions":{"user":{"list":true}}}
        create  n n n n n y y
        read    n n n n n y y
        list    n y y y y y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"permissions":{"user":{"create":true,"read":true,"list":true,"update":true,"delete":true}}}
        create  n y y y y y y
        read    n y y y y y y
        list    n y y y y y y
        update  n y y y y y y
        delete  n y y y y y y
        # {"permissions":{"guest":{"create":true,"read":true,"list":true,"update":true,"delete":true}}}
        create  y n n n n y y
        read    y n n n n y y
        list    y n n n n y y
        update  y n n n n y y
        delete  y n n n n y y
        # {"permissions":{"self":{"create":true,"read":true,"list":true,"update":true,"delete":true}}}
        create  n y y y y y y
        read    n n y n y y y
        list    n f f f f y y
        update  n n y n y y y
        delete  n n y n y y y
        # {"permissions":{"self":{"read":true}}}
        create  n n n n n y y
        read    n n y n y y y
        list    n f f f f y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"permissions":{"self":{"list":true},"guest":{"read":true}}}
        create  n n n n n y y
        read    y n n n n y y
        list    y f f f f y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"permissions":{"user":{"read":true,"list":false},"self":{"list":true}}}
        create  n n n n n y y
        read    n y y y y y y
        list    n f f f f y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"permissions":{"admin":{"create":false,"read":false,"list":false,"update":false,"delete":false}}}
        create  n n n n n y y
        read    n n n n n y y
        list    n n n n n y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"expressionPermissions":{"read":"public"}}
        create  n y y y y y y
        read    y y y y y y y
        list    y y y y y y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"permissions":{},"expressionPermissions":{"read":"guest"}}
        create  n n n n n y y
        read    y y y y y y y
        list    y y y y y y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"expressionPermissions":{"create":"user","read":"user","update":"user","delete":"user"}}
        create  n y y y y y y
        read    n y y y y y y
        list    n y y y y y y
        update  n y y y y y y
        delete  n y y y y y y
        # {"expressionPermissions":{"create":"admin","read":"admin","list":"admin","update":"admin","delete":"admin"}}
        create  n n n n n y y
        read    n n n n n y y
        list    n n n n n y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"expressionPermissions":{"create":"self","read":"self","update":"self","delete":"self"}}
        create  n y y y y y y
        read    n n y n y y y
        list    n f f f f y y
        update  n n y n y y y
        delete  n n y n y y y
        # {"expressionPermissions":{"read":"self & user","update":"self & role:editor","delete":"self & admin"}}
        create  n y y y y y y
        read    n n y n y y y
        list    n f f f f y y
        update  n n n n y y y
        delete  n n n n n y y
        # {"expressionPermissions":{"create":"role:editor","read":"role:editor | admin","delete":"role:editor | self"}}
        create  n n n y y y y
        read    n n n y y y y
        list    n n n y y y y
        update  n n n n n y y
        delete  n n y y y y y
        # {"expressionPermissions":{"create":"role:*","read":"role:*","list":"role:editor & self"}}
        create  n y y y y y y
        read    n y y y y y y
        list    n n n f f y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"expressionPermissions":{"read":"role:Editor","update":"role:editor & user"}}
        create  n y y y y y y
        read    n n n n n y y
        list    n n n n n y y
        update  n n n y y y y
        delete  n n n n n y y
        # {"permissions":{"user":{"update":true,"delete":true}},"expressionPermissions":{"update":"admin"}}
        create  n n n n n y y
        read    n n n n n y y
        list    n n n n n y y
        update  n n n n n y y
        delete  n y y y y y y
        # {"expressionPermissions":{"list":"self","read":"public"}}
        create  n y y y y y y
        read    y y y y y y y
        list    n f f f f y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"expressionPermissions":{"list":"public","read":"self"}}
        create  n y y y y y y
        read    n n y n y y y
        list    y y y y y y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"expressionPermissions":{"read":"guest & self","create":"guest & user","update":"public & role:editor"}}
        create  n y y y y y y
        read    n n y n y y y
        list    n f f f f y y
        update  n n n y y y y
        delete  n n n n n y y
        # {"permissions":{"user":{"create":true,"read":true},"guest":{"read":true}},"expressionPermissions":{"create":"user | guest","update":"self & user | role:editor"}}
        create  y y y y y y y
        read    y y y y y y y
        list    y y y y y y y
        update  n n y y y y y
        delete  n n n n n y y
        # {"name":"_audit"}
        create  s s s s s y y
        read    s s s s s y y
        list    s s s s s y y
        update  s s s s s y y
        delete  s s s s s y y
        # {"name":"_audit","permissions":{"user":{"read":true}}}
        create  n n n n n y y
        read    n y y y y y y
        list    n y y y y y y
        update  n n n n n y y
        delete  n n n n n y y
        # {"name":"_audit","expressionPermissions":{"read":"user","update":"self"}}
        create  s s s s s y y
        read    n y y y y y y
        list    n y y y y y y
        update  n n y n y y y
        delete  s s s s s y y
        # {} ; scopes t:read
        create  x x x x x x x
        read    y y y y y y y
        list    x x x x x x x
        update  x x x x x x x
        delete  x x x x x x x
        # {} ; scopes *:list other:*
        create  x x x x x x x
        read    x x x x x x x
        list    y y y y y y y
        update  x x x x x x x
        delete  x x x x x x x
        # {} ; scopes t:*
        create  n y y y y y y
        read    y y y y y y y
        list    y y y y y y y
        update  n n n n n y y
        delete  n n n n n y y
        # {} ; scopes
        create  x x x x x x x
        read    x x x x x x x
        list    x x x x x x x
        update  x x x x x x x
        delete  x x x x x x x
        # {} ; scopes T:* tt:* other:read
        create  x x x x x x x
        read    x x x x x x x
        list    x x x x x x x
        update  x x x x x x x
        delete  x x x x x x x
        # {"permissions":{"self":{"read":true,"update":true}}} ; scopes t:read t:update t:delete
        create  x x x x x x x
        read    n n y n y y y
        list    x x x x x x x
        update  n n y n y y y
        delete  n n n n n y y
        # {"name":"_audit"} ; scopes *:read
        create  x x x x x x x
        read    s s s s s y y
        list    x x x x x x x
        update  x x x x x x x
        delete  x x x x x x x
        """
}
