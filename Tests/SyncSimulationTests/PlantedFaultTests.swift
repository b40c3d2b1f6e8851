import SyncSimulation
import Testing

/// A simulator that can't fail proves nothing: each of these faults, put into the engine from outside, is found.
@Suite struct PlantedFaultTests {
    /// The first seed, of plans of 60 operations, that found each fault; `simulate --plant` looks anew.
    static let found: [(name: String, seed: UInt64)] = [
        ("a create is sent again whatever became of the first", 28),
        ("the in-flight mark doesn't survive a crash", 28),
        ("the before-image isn't compared", 2),
        ("reports are not kept", 2),
        ("aliases are dropped at a restart", 2),
        ("nothing waits for the records that it names", 1),
        ("the cursor moves before the rows are there", 1),
        ("a page is believed, however old", 37),
        ("what was deleted here is forgotten at once", 37),
        ("a record just answered belongs nowhere", 2),
        ("403 means deleted", 8),
        ("any 200 means done", 57),
        ("an entry goes out as whoever is signed in", 4),
        ("what the server refuses is thrown away", 1),
        ("no wait is kept", 1),
    ]

    @Test("the fault is found, and the seed keeps every promise without it", arguments: found)
    func isFound(name: String, seed: UInt64) throws {
        let fault = try #require(PlantedFault.all.first { $0.name == name })
        // A change of the engine moves the seeds: a few more are tried.
        let isFound = (seed..<(seed + 20)).contains { seed in
            let plan = Plan(seed: seed, length: 60)
            return SeedRun(plan, planted: fault).violation != nil && SeedRun(plan).violation == nil
        }
        #expect(isFound)
    }
}
