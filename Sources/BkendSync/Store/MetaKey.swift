import BkendWire

/// The names under which values are kept in the store's meta table, as far as several folders use them.
enum MetaKey {
    /// A guest's store: the move that it is in.
    static let moving = "moving"
    /// The engine's: records whose later entries wait until a lost request can't arrive any more.
    static let holds = "engine.holds"
    /// The same for records that came with a guest's outbox, until the engine looks.
    static let takenHolds = "engine.takenHolds"

    /// Bytes that no row names are put aside: rows were lost.
    static let unclaimedFiles = "files.unclaimed"

    /// How much room files may take (`FileLimits`).
    static let fileLimits = "files.limits"

    /// Where files may be fetched from: the origins of addresses that bkend has given.
    static let fileOrigins = "files.origins"

    /// A user's store: that the move of this token was taken in.
    static func taken(_ token: String) -> String { "takenIn." + token }
}

/// A guest's outbox on its way into the store of a user, which is another file: no transaction spans both.
///
/// First the guest's store is closed to writes and to whoever sends from it, under a token. Then the user's store takes
/// everything in, and the token with it, in one transaction. Then the guest's is emptied. A kill between two steps leaves
/// a store that is closed: the next opening goes on, and the token tells whether the user's store has it all already.
package struct GuestMove: Hashable, Sendable {
    /// The user who takes the store over.
    var user: String
    /// Tells this move from every other one.
    var token: String
}

extension StoreSnapshot {
    /// The move that this guest's store is in, nil for none.
    var moving: GuestMove? {
        get throws {
            guard let json = try meta(MetaKey.moving).flatMap({ try? JSON(parsing: $0) }),
                let user = json["user"]?.stringValue, let token = json["token"]?.stringValue
            else { return nil }
            return GuestMove(user: user, token: token)
        }
    }
}
