import SyncSimulation
import Testing

/// A simulator that can't fail proves nothing: each of these faults, put into the engine from outside, is found.
@Suite struct PlantedFaultTests {
    /// The first seed, of plans of 60 operations, that found each fault; `simulate --plant` looks anew.
    static let found: [(name: String, seed: UInt64)] = [
        ("a create is sent again whatever became of the first", 31),
        ("a create is sent again as soon as a lookup finds nothing", 36),
        ("the in-flight mark doesn't survive a crash", 239),
        ("the before-image isn't compared", 1),
        ("reports are not kept", 3),
        ("aliases are dropped at a restart", 1),
        ("nothing waits for the records that it names", 1),
        ("the cursor moves before the rows are there", 1),
        ("a write's answer moves the cursor", 83),
        ("a page is believed, however old", 38),
        ("what was deleted here is forgotten at once", 38),
        ("a record just answered belongs nowhere", 1),
        ("403 means deleted", 5),
        ("any 404 means deleted", 21),
        ("any 200 means done", 24),
        ("an empty list is believed at once", 43),
        ("an entry goes out as whoever is signed in", 12),
        ("what the server refuses is thrown away", 1),
        ("no wait is kept", 1),
        ("second copies are left alone", 25),
        ("a refresh is repeated without the server's word", 5),
        ("a refresh is repeated late", 8),
        ("a refresh is repeated after a restart", 5),
        ("a refresh is repeated twice", 8),
        ("a twin is deleted without a look at the original", 3),
        ("another entry's answer is adopted", 4),
        ("a form is saved over a newer row", 1),
        ("a policy isn't told that a write may have been applied", 45),
        ("a stamp is from before the server's queue", 83),
        ("a record is sent before its file", 3),
        ("a file's ids inside texts stay as they are", 3),
        ("a key is given up at the first refusal", 58),
        ("a key is given up when the answer to its registration is lost", 34),
        ("the key of a deleted file answers that nothing was stored", 116),
        ("a refusal after the address's end closes nothing", 168),
        ("bytes that wait make room", 66),
        ("a key is asked for without a visibility", 9),
        ("bytes replace those of a file that is registered", 3),
        ("whoever knows a key registers it", 25),
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
