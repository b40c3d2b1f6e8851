import ArgumentParser
import Bkend
import BkendWire

/// Why a command fails, in its own words, with its exit status.
struct CommandFailure: Error {
    let message: String
    let status: ExitStatus

    init(_ message: String, _ status: ExitStatus = .failure) {
        self.message = message
        self.status = status
    }
}

/// The exit statuses, those of sysexits(3) where one fits.
enum ExitStatus: Int32, CaseIterable {
    /// Anything else.
    case failure = 1
    /// An argument, a filter or the like is wrong; nothing was sent.
    case usage = 64
    /// The server refuses the data.
    case data = 65
    /// There is no such record or table.
    case notFound = 66
    /// No server answers, or what answers is none of bkend's.
    case unavailable = 69
    /// The server failed.
    case serverFailure = 70
    /// The output can't be written.
    case output = 74
    /// Too many requests, or too much load: repeating the command later may help.
    case later = 75
    /// The key or the user may not do it, or nobody is signed in.
    case denied = 77

    init(_ error: BkendError) {
        switch error.reason {
        case .server(let body):
            switch body.status {
            case 401, 403: self = .denied
            case 404: self = .notFound
            case 429, 503: self = .later
            case 500...: self = .serverFailure
            default: self = .data
            }
        case .transport, .foreignAnswer, .unsupported: self = .unavailable
        case .encoding: self = .data
        case .notExpressible, .invalidArgument: self = .usage
        case .sessionEnded: self = .denied
        case .cancelled, .decoding, .sessionStore, .file: self = .failure
        }
    }
}

extension ExitStatus {
    init(_ error: StoreError) {
        switch error.reason {
        case .unusable, .noSuchEntry: self = .notFound
        case .invalidQuery, .invalidTable: self = .usage
        default: self = .failure
        }
    }
}

/// Runs a command's work. What fails becomes lines on standard error and an exit status.
func reportingFailure(_ work: () async throws -> Void) async throws {
    do { return try await work() } catch let exit as ExitCode { throw exit } catch let error as ValidationError {
        throw error
    } catch {
        let (message, status): (String, ExitStatus) =
            switch error {
            case let error as CommandFailure: (error.message, error.status)
            // A server's line ends aren't the command's.
            case let error as BkendError: (RecordTable.shown("\(error)"), ExitStatus(error))
            case let error as StoreError: (RecordTable.shown("\(error)"), ExitStatus(error))
            default: (RecordTable.shown("\(error)"), .failure)
            }
        Output.note("bkend: \(message)")
        throw ExitCode(status.rawValue)
    }
}
