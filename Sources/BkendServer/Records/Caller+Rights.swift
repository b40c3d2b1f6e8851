import BkendAccounts
import BkendWire

extension Caller {
    /// Whether another caller may do the same, and owns the same records.
    func hasSameRights(as other: Caller) -> Bool {
        func parts(_ caller: Caller) -> [ExactString?] {
            [ExactString("\(caller.group)"), caller.userID.map(ExactString.init), caller.role.map(ExactString.init)]
                + (caller.scopes.map { $0.map { "\($0)" }.sorted() } ?? ["unlimited"]).map(ExactString.init)
        }
        return parts(self) == parts(other)
    }
}
