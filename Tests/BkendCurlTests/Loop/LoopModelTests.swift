import BkendTransport
import Foundation
import HTTPTypes
import Testing

@testable import BkendCurl

/// The loop's protocol: no order of its steps loses anything, and real runs take no others.
@Suite(.timeLimit(.minutes(10)))
struct LoopModelTests {
    struct World: CustomTestStringConvertible {
        var tasks: Int
        var sockets: Int
        var deadlines: [UInt64] = [1]
        var commands = 1
        var arrivals = 1

        var testDescription: String {
            "\(tasks) tasks of \(commands) commands, \(sockets) sockets, \(arrivals) arrivals, \(deadlines.count) deadlines"
        }
    }

    /// Worlds that are searched whole; the large ones, of millions of states, where there is time for them.
    static let worlds: [World] =
        [
            World(tasks: 3, sockets: 0), World(tasks: 2, sockets: 1), World(tasks: 1, sockets: 2),
            World(tasks: 1, sockets: 1, deadlines: [1, 2], arrivals: 2),
        ]
        + (ProcessInfo.processInfo.environment["BKEND_STRESS_SECONDS"] == nil
            ? [] : [World(tasks: 2, sockets: 1, deadlines: [1, 2], commands: 2)])

    @Test("No order of steps leaves anything that nobody will look at", arguments: worlds)
    func noOrderSteps(world: World) {
        let search = LoopSearch(deadlines: world.deadlines, commands: world.commands, arrivals: world.arrivals)
        let result = search.run(tasks: world.tasks, sockets: world.sockets)
        #expect(result.fault == nil)
        #expect(result.states > 10_000)
    }

    @Test("The search finds each mistake that is planted", arguments: PlantedLoopFault.allCases)
    func searchFindsEach(
        planted: PlantedLoopFault
    ) {
        let search = LoopSearch(deadlines: [1, 2], commands: 2, arrivals: 1)
        #expect(search.run(tasks: 1, sockets: 1, planted: planted).fault != nil)
    }

    @Test("Real runs take no step that the model doesn't know")
    func realRunsTake() async throws {
        for round in 0..<8 {
            let comparison = LoopComparison()
            let server = try RawServer(ResourceTests.keepAlive)
            let transport = try CurlTransport(
                configuration: CurlTransport.Configuration(maximumConnectionsPerHost: 1 + round % 4),
                watchdog: Watchdog(), trace: comparison.trace)
            let harness = Harness(server: server, transport: transport)
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<6 {
                    group.addTask {
                        for turn in 0..<10 {
                            let timeouts = Timeouts(connect: .seconds(30), idle: .seconds(10 + turn))
                            let request = harness.request(
                                turn % 2 == 0 ? .get : .post, body: turn % 2 == 0 ? .none : .bytes([1]),
                                timeouts: timeouts)
                            let sending = Task { try await harness.text(request) }
                            if (task + turn) % 5 == 0 { sending.cancel() }
                            _ = await sending.result
                        }
                    }
                }
            }
            await transport.shutdown()
            server.stop()
            #expect(comparison.mismatch() == nil)
            #expect(comparison.count > 500)
        }
    }

    @Test("The comparison notices a step out of order")
    func comparisonNoticesStep() {
        let comparison = LoopComparison()
        let events: [LoopEvent] = [
            .woke(timer: false, sockets: []), .locked, .took(0), .due(.max), .unlocks, .looked(found: false),
            .woke(timer: true, sockets: []),
        ]
        for event in events { comparison.trace(event) }
        #expect(comparison.mismatch()?.contains("not due") == true)
    }
}
