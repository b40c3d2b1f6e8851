import BkendAccounts
import BkendWire

/// What a rule says before the record is known.
enum Access: Sendable, Equatable {
    /// Whatever the record.
    case allowed
    /// Only records that the caller created.
    case own
    /// No record.
    case denied

    /// The wider of two.
    static func || (a: Access, b: Access) -> Access {
        if a == .allowed || b == .allowed { return .allowed }
        return a == .own || b == .own ? .own : .denied
    }

    /// Whether it covers a record, by its `createdBy`. A guest owns nothing, not even records of guests.
    func covers(createdBy: String, caller: Caller) -> Bool {
        switch self {
        case .allowed: true
        case .own: caller.userID.map { !$0.isEmpty && $0.hasSameBytes(as: createdBy) } ?? false
        case .denied: false
        }
    }
}

extension PermissionExpression {
    /// What the expression says of a caller: `user` includes admins, `guest` and `public` everyone.
    func access(of caller: Caller) -> Access {
        alternatives.reduce(.denied) { access, terms in
            var alternative = Access.allowed
            for term in terms {
                switch term {
                case .guest, .public: break
                case .user: if caller.group == .guest { alternative = .denied }
                case .admin: if caller.group != .admin { alternative = .denied }
                case .self:
                    if caller.userID == nil {
                        alternative = .denied
                    } else if alternative == .allowed {
                        alternative = .own
                    }
                case .role(let name):
                    let fits = name.map { name in caller.role?.hasSameBytes(as: name) ?? false } ?? (caller.role != nil)
                    if !fits { alternative = .denied }
                }
            }
            return access || alternative
        }
    }
}
