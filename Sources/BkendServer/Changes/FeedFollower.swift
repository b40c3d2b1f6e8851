import BkendAccounts
import BkendDocuments
import BkendStorage
import BkendWire

/// One subscription while its page is made: which records it has to tell.
struct FeedFollower {
    /// What becomes of a record.
    enum Outcome {
        /// It belongs to the subscription now; its text as the caller may see it.
        case upsert([UInt8])
        /// It did, and doesn't any more. The stamp is that of the change after which it didn't.
        case removed(at: String)

        var bytes: Int {
            switch self {
            case .upsert(let text): text.count
            case .removed: FeedFollower.removedBytes
            }
        }
    }

    /// What a removed record takes in an answer.
    private static let removedBytes = 80

    /// Its place in the request.
    let index: Int
    /// The position after which it is told of changes.
    let since: Int64
    let limit: Int
    let binding: String
    private let operations: RecordOperations
    private let probe: QueryProbe
    private(set) var ids: [String] = []
    private(set) var outcomes: [ExactString: Outcome] = [:]
    /// Those that don't belong to it now, as far as that was asked.
    private var strangers: Set<ExactString> = []

    init(
        index: Int, since: Int64, limit: Int, binding: String, _ operations: RecordOperations, _ probe: QueryProbe
    ) {
        (self.index, self.since, self.limit, self.binding) = (index, since, limit, binding)
        (self.operations, self.probe) = (operations, probe)
    }

    /// What a change means for the subscription beyond what it tells already; nil for nothing.
    ///
    /// - Parameter text: the record as it is now, nil where it is gone.
    mutating func outcome(of change: LoggedChange, now text: () throws -> DocumentText?) throws -> Outcome? {
        guard since < change.position else { return nil }
        let id = ExactString(change.id)
        if case .upsert = outcomes[id] { return nil }
        if !strangers.contains(id) {
            if let text = try text(), try probe.matches(text) { return .upsert(try visible(text)) }
            strangers.insert(id)
        }
        guard let before = change.before, try probe.matches(DocumentText(bytes: before)) else { return nil }
        return .removed(at: change.stamp)
    }

    /// Whether there is room for one record more.
    func hasRoom(for id: String) -> Bool { outcomes[ExactString(id)] != nil || ids.count < limit }

    mutating func tell(_ outcome: Outcome, of id: String) {
        if outcomes.updateValue(outcome, forKey: ExactString(id)) == nil { ids.append(id) }
    }

    private func visible(_ text: DocumentText) throws -> [UInt8] {
        if operations.columns.readsAll { return text.bytes }
        return operations.columns.visible(try text.json, caller: operations.caller).serialized()
    }
}
