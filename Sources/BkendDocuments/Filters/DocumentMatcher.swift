import BkendWire

/// Tries a filter and a search on one document after another: the object behind the SQL function `bkend_match`.
///
/// It belongs to one statement of one connection and is never used by two threads at once.
final class DocumentMatcher {
    private let fields = DocumentFields()
    private let workspace = TestWorkspace()
    private let visibility: VisibilityProgram
    private let filter: FilterProgram
    private let search: SearchProgram?
    /// Why it could not answer; SQLite carries only a text through a statement.
    private(set) var failure: (any Error)?
    /// How many documents it may try before it gives up with `WalkTooLong`, nil for any number.
    var budget: Int?

    /// - Throws: `InvalidPattern`.
    init(_ filter: Filter, search: Query.Search?, hiding visibility: FieldVisibility) throws {
        self.visibility = try VisibilityProgram(visibility, fields: fields)
        self.filter = try FilterProgram(filter, fields: fields)
        let wanted = search.flatMap { $0.text.isEmpty ? nil : $0 }
        self.search = wanted.map { [hidden = self.visibility.hidden, fields] in
            SearchProgram($0, hidden: hidden, fields: fields)
        }
    }

    /// Whether every document matches.
    var isAlways: Bool { filter.isAlways && search == nil }

    /// Whether there is a search beside the filter.
    var searches: Bool { search != nil }

    /// Whether a document matches; nil when that can't be said, and then `failure` says why.
    func matches(_ document: UnsafeBufferPointer<UInt8>) -> Bool? {
        do {
            if let budget {
                guard budget > 0 else { throw WalkTooLong() }
                self.budget = budget - 1
            }
            guard fields.load(document), let text = fields.text else {
                throw DamagedDocument(collection: "", detail: "the text is no JSON object")
            }
            let invisible = try visibility.apply(text, fields, workspace)
            guard try filter.matches(text, fields, workspace) else { return false }
            return try search?.matches(text, fields, invisible: invisible, workspace) ?? true
        } catch {
            failure = error
            return nil
        }
    }
}

/// A walk in the query's order, chosen in the hope of an early end, met too few documents that match.
struct WalkTooLong: Error {}
