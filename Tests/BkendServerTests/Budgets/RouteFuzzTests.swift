#if Server
import RouteFuzz
import Testing

/// The short form of `make fuzz` over all routes.
struct RouteFuzzTests {
    @Test("Valid and spoilt requests to every route are answered within its budget, and never by 500")
    func shortRun() async throws {
        let report = try await RouteFuzz.run(seed: 20_261_128, .requests(4_000), atLeast: 2)
        #expect(report.faults == [])
        #expect(report.hungry == [], "\(report)")
    }
}
#endif
