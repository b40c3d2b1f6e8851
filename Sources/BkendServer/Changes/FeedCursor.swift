import BkendAccounts
import BkendWire
import Crypto
import Foundation

/// How far a subscription has followed a table's changes. Clients hand it back as it is.
///
/// It holds for what it was made for: the history of the environment and of the table, the filter, and the caller with
/// role and scopes. It keeps nothing secret and gives no access: whoever changes it sees what the rules allow anyway.
struct FeedCursor: Hashable, Sendable {
    /// The position up to which changes were told.
    let position: Int64
    /// What belongs to the table's history there (`ChangeLog.mark`).
    let mark: Int64
    /// A digest of what it is for.
    let binding: String

    init(position: Int64, mark: Int64, binding: String) {
        (self.position, self.mark, self.binding) = (position, mark, binding)
    }

    /// A cursor that a client has sent; nil when it is none.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "1", let position = Int64(parts[1]), position >= 0,
            let mark = Int64(parts[2]), parts[3].utf8.count == 32
        else { return nil }
        self.init(position: position, mark: mark, binding: String(parts[3]))
    }

    /// The cursor as clients get it.
    var text: String { "1.\(position).\(mark).\(binding)" }

    /// A digest of what a cursor is for. Each part is preceded by its length, so that no two lists of parts are alike.
    static func binding(
        incarnation: String, epoch: String, table: String, filter: [String], caller: Caller
    ) -> String {
        let scopes = caller.scopes.map { $0.map { "\($0)" }.sorted() } ?? ["unlimited"]
        let who = ["\(caller.group)", caller.userID ?? "", caller.role ?? ""]
        var digest = SHA256()
        for part in [incarnation, epoch, table] + filter + who + scopes {
            digest.update(data: Data("\(part.utf8.count):\(part)".utf8))
        }
        return digest.finalize().prefix(16).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}

/// Why a cursor doesn't hold any more.
enum FeedExpiry: String, Sendable {
    /// Changes after it aren't kept any more. The client reads what is newer than its last record, and counts.
    case trimmed
    /// The table's rules or the caller's rights have changed, or it isn't this history's. The client compares everything.
    case changed
}
