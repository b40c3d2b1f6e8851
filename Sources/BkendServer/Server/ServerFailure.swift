import BkendDocuments
import BkendStorage
import Foundation
import NIOCore

/// Says in one line, without SQL, why a command or a server can't go on.
package enum ServerFailure {
    /// The line.
    package static func line(for error: any Error) -> String {
        switch error {
        case let error as OperatorError: error.description
        case let error as StorageError: error.description
        case let error as StorageFailure: error.description
        case let error as IOError where error.errnoCode == EADDRINUSE:
            "the port is in use by another program; choose another with --port, or 0 for a free one"
        case let error as IOError: "can't listen: \(error)"
        default: "\(error)"
        }
    }
}
