#if Server
import ArgumentParser
import BkendServer
import BkendWire
import Foundation

/// What goes to standard output: only what a command promises, each line at once.
enum StandardOutput {
    static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}

/// Runs a command's work; what fails becomes clear lines on standard error and exit status 1.
func reportingFailure<Result>(_ work: () async throws -> Result) async throws -> Result {
    do { return try await work() } catch {
        let lines: [String]
        switch error {
        case let error as OperatorError: lines = [error.description]
        case let error as TableMistakes: lines = error.mistakes.map { "\($0.field): \($0.message)" }
        default: lines = [ServerFailure.line(for: error)]
        }
        for line in lines { FileHandle.standardError.write(Data("bkend-server: \(line)\n".utf8)) }
        throw ExitCode(1)
    }
}
#endif
