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
}
