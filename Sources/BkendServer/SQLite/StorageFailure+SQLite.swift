import BkendStorage
import GRDB

extension StorageFailure {
    /// What SQLite said.
    init(_ error: DatabaseError) {
        let kind: Kind =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            // The index of the log, shared between connections, has no room.
            case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: .full
            case .SQLITE_CONSTRAINT
            where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE
                || error.extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY:
                .notUnique
            default: .other
            }
        self.init(kind, message: error.message ?? "SQLite error \(error.resultCode)")
    }

    /// Runs a body and gives SQLite's errors this form.
    static func mapping<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as DatabaseError { throw StorageFailure(error) }
    }
}
