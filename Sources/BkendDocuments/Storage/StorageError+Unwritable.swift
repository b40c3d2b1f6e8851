import Foundation
import GRDB

extension StorageError {
    /// Whether an error says that nothing can be written now, for want of room or of permission, though what is there may
    /// be read: a full disk, a read-only folder.
    package static func saysUnwritable(_ error: any Error) -> Bool {
        switch error {
        case let error as DatabaseError:
            return [.SQLITE_FULL, .SQLITE_READONLY].contains(error.resultCode)
                || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
        case let error as StorageError:
            switch error.reason {
            case .cannotOpen(let number), .cannotLock(let number):
                return [ENOSPC, EDQUOT, EROFS, EACCES, EPERM].contains(number)
            default: return false
            }
        default: return false
        }
    }
}
