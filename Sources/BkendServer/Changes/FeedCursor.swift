import BkendAccounts
import BkendWire
import Crypto
import Foundation

/// How far a subscription has followed a table's changes. Clients hand it back as it is.
///
/// It holds for what it was made for: the history of the environment and of the table, the filter, and the caller with
/// role and scopes. Only the server can make one: with a position of its own choice, a client would be told what became of
/// records from before it could see them.
struct FeedCursor: Sendable {
    /// What a cursor is for.
    struct Purpose: Sendable {
        fileprivate let key: SymmetricKey
        fileprivate let parts: [String]

        /// - Parameter secret: what nobody but the environment's servers knows.
        init(secret: String, epoch: String, table: String, filter: [String], caller: Caller) {
            key = SymmetricKey(data: Data(secret.utf8))
            let scopes = caller.scopes.map { $0.map { "\($0)" }.sorted() } ?? ["unlimited"]
            parts = [epoch, table] + filter + ["\(caller.group)", caller.userID ?? "", caller.role ?? ""] + scopes
        }
    }

    /// The position up to which changes were told.
    let position: Int64
    /// What belongs to the table's history there (`ChangeLog.mark`).
    let mark: Int64
    /// Shows that the server made it for its purpose (RFC 2104, the first 16 bytes).
    private let seal: String

    /// A cursor for a purpose.
    init(position: Int64, mark: Int64, for purpose: Purpose) {
        (self.position, self.mark) = (position, mark)
        seal = Self.seal(position, mark, purpose)
    }

    /// A cursor that a client has sent; nil when the server hasn't made it for this purpose.
    init?(_ text: String, for purpose: Purpose) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "1", let position = Int64(parts[1]), let mark = Int64(parts[2]) else {
            return nil
        }
        self.init(position: position, mark: mark, for: purpose)
        guard ConstantTime.areEqual(seal.utf8, parts[3].utf8) else { return nil }
    }

    /// The cursor as clients get it.
    var text: String { "1.\(position).\(mark).\(seal)" }

    /// Each part is preceded by its length, so that no two lists of parts are alike.
    private static func seal(_ position: Int64, _ mark: Int64, _ purpose: Purpose) -> String {
        var code = HMAC<SHA256>(key: purpose.key)
        for part in purpose.parts + ["\(position)", "\(mark)"] {
            code.update(data: Data("\(part.utf8.count):\(part)".utf8))
        }
        return Data(code.finalize().prefix(16)).hexDigits
    }
}

/// Why a cursor doesn't hold any more.
enum FeedExpiry: String, Sendable {
    /// Changes after it aren't kept any more. The client reads what is newer than its last record, and counts.
    case trimmed
    /// The table's rules or the caller's rights have changed, or it isn't this history's. The client compares everything.
    case changed
}
