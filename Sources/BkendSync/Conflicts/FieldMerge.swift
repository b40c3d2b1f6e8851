import BkendWire

/// What becomes of one changed field, from its three values.
package enum FieldMerge: Sendable, Hashable {
    /// Nobody else changed it: send mine.
    case send
    /// The server holds mine already: nothing to send.
    case agreed
    /// Changed on both sides.
    case conflict

    /// Decides by exact equality. Absence isn't null: a field that the server doesn't show is unknown (a hidden column,
    /// say), neither deleted nor changed, so that mine is sent (sync.md, "Equality").
    package static func decide(before: JSON?, mine: JSON, theirs: JSON?) -> FieldMerge {
        guard let theirs else { return .send }
        if theirs.says(sameAs: mine) { return .agreed }
        guard let before else { return .conflict }
        return theirs.says(sameAs: before) ? .send : .conflict
    }
}
