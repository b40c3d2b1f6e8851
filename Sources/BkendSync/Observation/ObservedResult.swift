import BkendDocuments
import BkendWire

/// One record of an observed result. An object that doesn't change: a row that stays is the same one in the next
/// result, which is seen without a look at what it holds, and a long result is cheap to copy.
package final class ObservedRow: Sendable {
    /// The id that the record has now.
    package let id: String
    /// The document, or the part of it that the query selects.
    package let document: DocumentText
    /// What the server knows of it.
    package let state: SyncState
    /// The id that it has had from the first on this device.
    package let localID: String

    package init(id: String, document: DocumentText, state: SyncState, localID: String) {
        self.localID = localID
        self.id = id
        self.document = document
        self.state = state
    }

    /// Whether a row says the same: ids, text and state.
    package func says(sameAs other: ObservedRow) -> Bool {
        self === other
            || id.hasSameBytes(as: other.id) && document == other.document && state == other.state
                && localID.hasSameBytes(as: other.localID)
    }
}

/// What an observed query has found.
package struct ObservedResult: Sendable {
    /// The records, in order.
    package var rows: [ObservedRow] = []
    /// Whether no record of the server's can be missing.
    package var isComplete = false
    /// Why the query, or the store, failed; `rows` are the last ones then.
    package var error: StoreError?
    /// The ids that records had in the result before: new id to old.
    package var renames: [ExactString: String] = [:]

    package init() {}

    /// This result after another one that nobody has taken: what was renamed twice was renamed once.
    func following(_ untaken: ObservedResult) -> ObservedResult {
        var result = self
        for (new, old) in untaken.renames where result.renames[new] == nil { result.renames[new] = old }
        for (new, middle) in renames {
            if let old = untaken.renames[ExactString(middle)] { result.renames[new] = old }
        }
        return result
    }
}
