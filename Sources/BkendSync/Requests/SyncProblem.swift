import BkendDocuments
public import BkendWire
public import Foundation
import GRDB

/// A failure worth logging. It contains no key, token, record id or record content. The server's message may quote a
/// request, so it is only in the entry's `failure`.
public struct SyncProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name of the request or the part of the engine that failed.
    public var operation: String
    /// The table, if the failure concerns one.
    public var table: String?
    /// The server's error code, if there is one.
    public var code: ErrorCode?
    /// The HTTP status, if a response arrived.
    public var status: Int?
    /// What failed and why, in a text of this package.
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

extension SyncProblem: LocalizedError, DescribedError {}
