import Synchronization

/// What the log says of a change besides the record's id and text.
struct ChangeNote: Hashable, Sendable {
    /// Who made it: a user's id, empty for a key alone and for an operator.
    var author: String
    /// Whose record it is, or was before the change.
    var owner: String
    /// Whose record it is now, where that changes; nil otherwise.
    var newOwner: String?
    /// The record's `updatedAt` after the change; of a deletion, a moment past the last one.
    var stamp: String
}

/// A change of a record, as the log of changes has it.
struct LoggedChange: Sendable {
    /// What happened.
    enum Kind: Int64, Sendable {
        case created, updated, deleted
    }

    /// Where it stands among all changes of the environment.
    let position: Int64
    /// The position of the first change of the same write.
    let first: Int64
    let id: String
    let kind: Kind
    /// See `ChangeNote`.
    let stamp: String
    /// See `ChangeNote`.
    let author: String
    /// See `ChangeNote`.
    let owner: String
    /// The record's text before; nil of a new one, and of one that was too large to be kept.
    let before: [UInt8]?
}

/// What the log of changes holds of a table.
struct TableLog: Hashable, Sendable {
    /// Which history of the table it is. A new one begins whenever what a list shows changes without a change of records.
    var epoch: String
    /// The position up to which changes aren't kept any more.
    var trimmed: Int64
}

/// The position of a write's last change. It is known when the write is committed, and nil if nothing was changed.
final class WrittenPosition: Sendable {
    private let value = Mutex<Int64?>(nil)

    var position: Int64? { value.withLock { $0 } }

    func set(_ position: Int64) { value.withLock { $0 = position } }
}
