import ChildProcesses
import Dispatch

/// Runs `OpeningProcess` over copies of a store, one for each call that goes wrong.
struct OpeningCopies {
    enum Mode: String, CaseIterable, Sendable {
        case once, forever, kill
    }

    /// What became of one copy's opening.
    struct Opening: Sendable {
        var call: Int
        var failures: Int
        /// What the process told; nil of one that was killed.
        var outcome: String?
    }

    /// The openings, with the copies in the folders `copies/<call>`. Holds no thread of the tests.
    static func run(
        _ folder: String, into copies: String, _ mode: Mode, from first: Int, step: Int, isMoving: Bool = false
    ) async throws -> [Opening] {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try runNow(folder, copies, mode, first, step, isMoving) })
            }
        }
    }

    private static func runNow(
        _ folder: String, _ copies: String, _ mode: Mode, _ first: Int, _ step: Int, _ isMoving: Bool
    ) throws -> [Opening] {
        var openings: [Opening] = []
        while true {
            let next = (openings.last?.call).map { $0 + step } ?? first
            let arguments = [folder, copies, mode.rawValue, "\(next)", "\(step)"] + (isMoving ? ["move"] : [])
            var child = try ChildProcess(ChildProcess.built("OpeningProcess"), arguments)
            while let lines = child.lines() {
                for line in lines {
                    let parts = line.split(separator: " ", maxSplits: 2)
                    guard parts.count == 3, let call = Int(parts[0]), let failures = Int(parts[1]) else {
                        throw ChildProcess.Failure(what: "it said: \(line)")
                    }
                    openings.append(Opening(call: call, failures: failures, outcome: String(parts[2])))
                }
            }
            switch child.reap() {
            case 0?: return openings
            // As the process says of itself that it was killed (fault_calls.h).
            case 99? where mode == .kill: openings.append(Opening(call: next, failures: 1, outcome: nil))
            case let code: throw ChildProcess.Failure(what: "ended with code \(String(describing: code))")
            }
        }
    }
}
