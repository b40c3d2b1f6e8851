import BkendDocuments
public import BkendWire
import GRDB

/// A failure worth logging. It holds no key, token, id or content of a record: a server's own words may quote what it
/// was sent, so they stand nowhere but in the entry's `failure`.
public struct SyncProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// What failed: a request's name, or a part of the engine.
    public var operation: String
    /// The table, where there is one.
    public var table: String?
    /// The server's code, where it gave one.
    public var code: ErrorCode?
    /// The HTTP status, where an answer came.
    public var status: Int?
    /// What failed and why, in this package's words.
    public var message: String

    /// A problem.
    package init(
        operation: String, table: String? = nil, code: ErrorCode? = nil, status: Int? = nil, message: String
    ) {
        self.operation = operation
        self.table = table
        self.code = code
        self.status = status
        self.message = message
    }

    /// What failed, on which table, and why.
    public var description: String {
        let place = table.map { " of \($0)" } ?? ""
        let parts = [code?.rawValue, status.map { "status \($0)" }, message].compactMap(\.self)
        return "\(operation)\(place): \(parts.joined(separator: ", "))"
    }
}

extension SyncProblem {
    /// What the store can't do.
    init(store error: any Error) {
        let table = (error as? StoreError)?.table
        self.init(operation: "store", table: table, message: StoreError.wordsWithoutContent(of: error))
    }
}

extension StoreError {
    /// Why the store failed, without what an error may quote of a record, its id or a filter.
    static func wordsWithoutContent(of error: any Error) -> String {
        switch error {
        // SQLite's message names tables and columns at most; its description would hold the statement and its values.
        case let error as DatabaseError:
            StoreError(.storage(error.message ?? "SQLite error \(error.resultCode.rawValue)")).description
        case let error as StorageError: StoreError(.storage(error.description)).description
        case let error as StoreError: error.wordsWithoutContent
        default: StoreError(.storage("\(type(of: error))")).description
        }
    }

    var wordsWithoutContent: String {
        switch reason {
        case .invalidTable, .namesDiscardedRecord, .malformedRow, .session, .invalidQuery, .invalidRecord,
            .notEncodable,
            .notDecodable, .rejected:
            "the store rejected the operation"
        case .damaged: "the store's own data can't be read; open the store again to salvage it"
        default: StoreError(reason).description
        }
    }
}
