import Foundation
import Load

/// One way to hurt the server. Each call of `strike` is one blow of one hostile thread.
struct Attack: Sendable {
    let name: String
    /// How many threads strike at once.
    let threads: Int
    /// Whether what it slows is signing in, which is measured by itself.
    var isOnSignIn = false
    let strike: @Sendable (Target, Int) throws -> Void

    /// All of them.
    static let all: [Attack] = [
        longNames, manyChoices, deepPaths, unreadPipeline, unreadLists, abandonedPatterns, abandonedSignIns, slowHeads,
        slowBodies, resets, overlappingReads, growth, manyFilters,
    ]

    /// Starts its threads; the caller stops the crowd.
    func start(at target: Target) -> Crowd {
        let crowd = Crowd()
        crowd.start(threads, isHostile: true) { number in
            do { try strike(target, number) } catch { usleep(20_000) }
        }
        return crowd
    }

    /// The address of hostile clients, 127.0.0.2. Limits and shares count by address: a flood from many is the network's
    /// to stop.
    static let address: UInt8 = 2
}
