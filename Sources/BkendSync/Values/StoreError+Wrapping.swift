import BkendDocuments
import BkendWire
import GRDB

extension StoreError {
    /// Whatever a read or write of the store has thrown, as the store's own error.
    package init(_ error: any Error, table: String? = nil, record: String? = nil) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as InvalidPattern: self.init(.invalidQuery(error.description), table: table)
        case let error as PatternLimitExceeded: self.init(.invalidQuery(error.description), table: table)
        case let error as QueryTimedOut: self.init(.invalidQuery(error.description), table: table)
        case let error as JSONCodingError: self.init(.notEncodable(error), table: table, record: record)
        case let error as InvalidDocument: self = Self.refusal(error)
        case let error as DamagedDocument: self.init(.damaged(error.description), table: table, record: record)
        case let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
            self.init(.damaged(error.message ?? "SQLite error \(error.resultCode.rawValue)"))
        // The message alone: a description holds the statement and its values.
        case let error as DatabaseError:
            self.init(.storage(error.message ?? "SQLite error \(error.resultCode.rawValue)"))
        case let error as StorageError:
            if case .newerFormat(let format) = error.reason {
                self.init(.newerFormat(format))
            } else {
                self.init(.storage(error.description))
            }
        case is CancellationError: self.init(.cancelled)
        default: self.init(.storage("\(error)"))
        }
    }

    private static func refusal(_ error: InvalidDocument) -> StoreError {
        let reason: Reason
        if case .malformed(let flaw) = error.reason, case .tooDeep = flaw.reason {
            reason = .tooDeep(limit: JSON.deepestField)
        } else {
            // The description begins with the place, which the error has as its own parts.
            let place = error.collection + (error.id.map { "/\($0)" } ?? "") + ": "
            reason = .invalidRecord(String(error.description.unicodeScalars.dropFirst(place.unicodeScalars.count)))
        }
        return StoreError(reason, table: error.collection, record: error.id)
    }
}
