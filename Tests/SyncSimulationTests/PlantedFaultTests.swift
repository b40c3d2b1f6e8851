import SyncSimulation
import Testing

/// A simulator that can't fail proves nothing: each of these faults is found. The seeds are the first that find them;
/// `simulate --plant` looks for others.
@Suite struct PlantedFaultTests {
    @Test("there are at least fifteen, each by its own name")
    func count() {
        #expect(PlantedFault.all.count >= 15)
        #expect(Set(PlantedFault.all.map(\.name)).count == PlantedFault.all.count)
    }
}
