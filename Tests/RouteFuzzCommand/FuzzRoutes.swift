import Foundation
import RouteFuzz

/// `fuzz-routes [SECONDS [SEED]]`: sends valid and spoilt requests to every route of a server in this process, and ends
/// with status 1 when an answer or the memory passes its bound, or a request is answered 500.
@main struct FuzzRoutes {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) }
        guard arguments.count <= 2, !arguments.contains(nil) else {
            FileHandle.standardError.write(Data("usage: fuzz-routes [SECONDS [SEED]]\n".utf8))
            exit(64)
        }
        let seconds = arguments.first.flatMap { $0 } ?? 600
        let seed = arguments.dropFirst().first.flatMap { $0 } ?? UInt64.random(in: 0...(1 << 48))
        print("seed \(seed)")
        let report = try await RouteFuzz.run(
            seed: seed, .time(.seconds(Double(seconds))), atLeast: 1_000, isAlone: true, progress: { print($0) })
        print(report)
        exit(report.isWell ? 0 : 1)
    }
}
