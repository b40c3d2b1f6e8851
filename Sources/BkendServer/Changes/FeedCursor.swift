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
        /// What all seals begin with (RFC 2104).
        fileprivate let code: HMAC<SHA256>
        private let parts: [String]
        /// The place of the user among the parts.
        private let user: Int

        /// - Parameter secret: what nobody but the environment's servers knows.
        init(secret: String, epoch: String, table: String, filter: [String], caller: Caller) {
            let place = [epoch, table] + filter
            parts = place + caller.rights
            user = place.count + Caller.userInRights
            var code = HMAC<SHA256>(key: SymmetricKey(data: Data(secret.utf8)))
            for part in parts { code.update(data: FeedCursor.delimited(part)) }
            self.code = code
        }

        /// The subscriptions that are told the same.
        ///
        /// - Parameter isOfUser: whether what is told depends on which user the caller is.
        func audience(isOfUser: Bool) -> String {
            var digest = SHA256()
            for (place, part) in parts.enumerated() {
                digest.update(data: FeedCursor.delimited(place == user && !isOfUser ? "" : part))
            }
            return Data(digest.finalize()).hexDigits
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

    private static func seal(_ position: Int64, _ mark: Int64, _ purpose: Purpose) -> String {
        var code = purpose.code
        for part in ["\(position)", "\(mark)"] { code.update(data: delimited(part)) }
        return Data(code.finalize().prefix(16)).hexDigits
    }

    /// A part after its length, so that no two lists of parts are alike.
    private static func delimited(_ part: String) -> Data { Data("\(part.utf8.count):\(part)".utf8) }
}

/// Why a cursor doesn't hold any more.
enum FeedExpiry: String, Sendable {
    /// Changes after it aren't kept any more. The client reads what is newer than its last record, and counts.
    case trimmed
    /// The table's rules or the caller's rights have changed, or it isn't this history's. The client compares everything.
    case changed
}
