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

    /// A record as it was before a change can't be tried: it is damaged, or a pattern takes too long on it.
    struct UntriableImage: Error {}

    /// The records that don't belong to the subscription now, as far as that was asked: the same whatever is told of them.
    private final class Strangers {
        var ids: Set<ExactString> = []
    }

    /// What a removed record takes in an answer.
    private static let removedBytes = 80

    /// Its place in the request.
    let index: Int
    /// The position after which it is told of changes.
    let since: Int64
    let limit: Int
    private let probe: QueryProbe
    private let strangers = Strangers()
    private(set) var ids: [String] = []
    private(set) var outcomes: [ExactString: Outcome] = [:]

    init(index: Int, since: Int64, limit: Int, _ probe: QueryProbe) {
        (self.index, self.since, self.limit) = (index, since, limit)
        self.probe = probe
    }

    /// What a change means for the subscription beyond what it tells already; nil for nothing.
    ///
    /// - Parameter record: the record as it is now.
    /// - Throws: `UntriableImage`; what a list would throw that meets the record.
    func outcome(of change: LoggedChange, now record: inout FeedRecord) throws -> Outcome? {
        guard since < change.position else { return nil }
        let id = ExactString(change.id)
        if case .upsert = outcomes[id] { return nil }
        if !strangers.ids.contains(id) {
            if let text = try record.text, try probe.matches(text) { return .upsert(try record.visible) }
            strangers.ids.insert(id)
        }
        guard let before = change.before else { return nil }
        do {
            return try probe.matches(DocumentText(bytes: before)) ? .removed(at: change.stamp) : nil
        } catch  where error is PatternLimitExceeded || error is DamagedDocument {
            throw UntriableImage()
        }
    }

    /// Whether there is room for one record more.
    func hasRoom(for id: String) -> Bool { outcomes[ExactString(id)] != nil || ids.count < limit }

    mutating func tell(_ outcome: Outcome, of id: String) {
        if outcomes.updateValue(outcome, forKey: ExactString(id)) == nil { ids.append(id) }
    }
}

/// A changed record as it is now, read and made ready for the caller once for all subscriptions.
struct FeedRecord {
    private let read: () throws -> DocumentText?
    private let operations: RecordOperations
    private var found: DocumentText??
    private var shown: [UInt8]?

    init(_ operations: RecordOperations, read: @escaping () throws -> DocumentText?) {
        self.operations = operations
        self.read = read
    }

    /// Its text; nil when it is gone.
    var text: DocumentText? {
        mutating get throws {
            if let found { return found }
            let text = try read()
            found = .some(text)
            return text
        }
    }

    /// Its text as the caller may see it.
    var visible: [UInt8] {
        mutating get throws {
            if let shown { return shown }
            guard let text = try text else { return [] }
            let bytes =
                operations.columns.readsAll
                ? text.bytes : operations.columns.visible(try text.json, caller: operations.caller).serialized()
            shown = bytes
            return bytes
        }
    }
}
