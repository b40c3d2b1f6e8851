import BkendAccounts
import BkendWire

extension Caller {
    /// The place of the user in `rights`.
    static let userInRights = 1

    /// What decides what the caller may do, and whose records are the caller's own.
    var rights: [String] {
        ["\(group)", userID ?? "", role ?? ""] + (scopes.map { $0.map { "\($0)" }.sorted() } ?? ["unlimited"])
    }

    /// Whether another caller may do the same, and owns the same records.
    func hasSameRights(as other: Caller) -> Bool {
        rights.map(ExactString.init) == other.rights.map(ExactString.init)
    }
}
