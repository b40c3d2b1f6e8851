import RouteFuzz
import Testing

/// The short form of `make fuzz` over all routes.
struct RouteFuzzTests {
    @Test("Valid and spoilt requests to every route are answered within its answers' budget, and never by 500")
    func shortRun() async throws {
        let report = try await RouteFuzz.run(seed: 20_261_128, .requests(600), atLeast: 1, isAlone: false)
        #expect(report.faults == [])
        // So few requests don't reach each route twice; the long form asks for a thousand of each kind.
        #expect(report.hungry.count < 10, "\(report)")
    }
}
