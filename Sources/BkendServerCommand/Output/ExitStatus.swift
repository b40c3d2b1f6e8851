import BkendDocuments
import BkendServer
import BkendStorage
import BkendWire
import Foundation
import NIOCore

/// The exit statuses, those of sysexits(3) where one fits.
enum ExitStatus: Int32, CaseIterable {
    /// Anything else: `--yes` is missing, records were rejected, a check has found something.
    case failure = 1
    /// An argument is wrong.
    case usage = 64
    /// A file isn't what it should be, or what it says can't be done.
    case data = 65
    /// There is no such folder, file, project, environment, table, key or user.
    case missing = 66
    /// The server can't listen.
    case unavailable = 69
    /// Something has the name already; nothing was overwritten.
    case present = 73
    /// A file or a database can't be read or written.
    case storage = 74
    /// The system doesn't allow it.
    case denied = 77

    init(_ error: any Error) {
        self =
            switch error {
            case let error as OperatorError: Self(error.reason)
            case is TableMistakes, is JSONError, is ErrorBody: .data
            case is QueryError: .usage
            case is StorageFailure, is StorageError: .storage
            case is IOError: .unavailable
            default: .failure
            }
    }

    private init(_ reason: OperatorError.Reason) {
        self =
            switch reason {
            case .refused: .failure
            case .usage: .usage
            case .data: .data
            case .missing: .missing
            case .present: .present
            case .storage: .storage
            case .denied: .denied
            }
    }
}
