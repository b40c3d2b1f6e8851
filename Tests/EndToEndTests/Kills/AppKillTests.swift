import Bkend
import BkendServer
import BkendTesting
import Foundation
import Testing

/// kill -9 at random moments of apps that write, and of the server that they write to. `make test` does a few;
/// `make kill-apps KILLS=300` does many.
@Suite(.serialized, .timeLimit(.minutes(60))) struct AppKillTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let kills = environment["BKEND_APP_KILLS"].flatMap(Int.init) ?? 6

    /// Faults of the network between the processes and the server, among them such that come in no order.
    private static let faults = Fault.network + [.swapAnswers, .commitLate(.milliseconds(200))]

    @Test("Apps behind a bad network are killed and suspended: every write that returned is there once")
    func apps() async throws {
        let seed = UInt64.random(in: 0...9_999_999)
        let plan = FaultPlan.random(seed: seed, rate: 0.15, of: Self.faults)
        try await AppWorld.run(devices: Self.devices) { place in
            let world = place.world
            let server = try await TestServer.start(folder: place.data, faults: plan) {
                $0.port = place.port.number
                $0.rateLimit = nil
            }
            do {
                for owner in Self.owners { try await world.start(owner) }
                for round in 0..<Self.kills {
                    let owner = Self.owners[round % Self.owners.count]
                    // The other process of the device goes on, or waits: the one that is suspended may be in the middle
                    // of a write, and may be the one that leads.
                    if round % 5 == 4 { try await world.suspend("phone.1", until: "tablet.1", hasWritten: 60) }
                    try await world.kill(owner, after: Int.random(in: 1...60))
                }
                plan.heal()
                await server.lateRequests()
                try await world.judge(place.secret, "faults of seed \(seed)")
            } catch {
                await world.end()
                try? await server.stop()
                throw error
            }
            await world.end()
            try await server.stop()
        }
    }

    @Test("The server is killed while apps write: every write that returned is there once")
    func server() async throws {
        try await AppWorld.run(devices: Self.devices) { place in
            let world = place.world
            var server = try await AppWorld.serve(place)
            defer { server.end() }
            for owner in Self.owners { try await world.start(owner) }
            for round in 0..<Self.kills * 2 / 3 {
                await world.ledger.wait(for: Int.random(in: 1...40), of: Self.owners[round % Self.owners.count])
                server.end()
                server = try await AppWorld.serve(place)
            }
            try await world.judge(place.secret, "\(Self.kills * 2 / 3) kills of the server")
        }
    }

    private static let devices = ["phone", "tablet"]
    /// Two processes on one device, one on another.
    private static let owners = ["phone.1", "phone.2", "tablet.1"]
}
