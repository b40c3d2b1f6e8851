import Bkend
import BkendTesting
import Foundation
import Testing

/// kill -9 of an app that attaches photos, of another that keeps them, and of their server, behind a network of random
/// faults: every photo is one file, every note has its address, every photo is on both devices, and no bytes are left
/// that nobody names. `make test` does a few; `make kill-apps KILLS=300` does many.
@Suite(.serialized, .timeLimit(.minutes(60))) struct FileKillTests {
    private static let kills = ProcessInfo.processInfo.environment["BKEND_APP_KILLS"].flatMap(Int.init) ?? 6

    @Test("Apps are killed while one attaches and uploads, and another downloads")
    func apps() async throws {
        let seed = UInt64.random(in: 0...9_999_999)
        let plan = FaultPlan.random(seed: seed, rate: 0.15, of: FileWorld.faults)
        try await withFolder { folder in
            let server = try await TestServer.start(
                folder: folder.appending(path: "server").path, tables: FileWorld.tables, faults: plan
            ) { $0.rateLimit = nil }
            let world = FileWorld(url: server.url, key: server.publishableKey, folder: folder)
            let phone = try await world.signIn(on: "phone")
            for _ in 0..<Self.kills {
                try await world.start("phone", "photos")
                await world.wait(for: Int.random(in: 1...8), of: "phone")
                await world.kill("phone")
            }
            let tablet = try await world.signIn(on: "tablet")
            for _ in 0..<Self.kills {
                try await world.start("tablet", "keep")
                await world.wait(for: Int.random(in: 1...30), of: "tablet")
                await world.kill("tablet")
            }
            plan.heal()
            await server.lateRequests()
            try await world.judge(
                phone: phone, tablet: tablet, "\(Self.kills) kills of each app, faults of seed \(seed)")
            await phone.shutdown()
            await tablet.shutdown()
            try await server.stop()
        }
    }

    @Test("The server is killed while an app attaches and uploads, and another downloads")
    func server() async throws {
        let seed = UInt64.random(in: 0...9_999_999)
        let kills = (Self.kills + 1) / 2
        try await withFolder { folder in
            let data = folder.appending(path: "server").path
            let port = try ReservedPort()
            // Nobody repeats a sign-up whose answer was lost.
            let first = try await TestServer.start(folder: data, tables: FileWorld.tables) { $0.port = port.number }
            let world = FileWorld(url: first.url, key: first.publishableKey, folder: folder, seed: seed)
            let phone = try await world.signIn(on: "phone")
            let tablet = try await world.signIn(on: "tablet")
            try await first.stop()
            var server = try await Self.serve(data, port)
            defer { server.end() }
            try await world.start("phone", "photos")
            try await world.start("tablet", "keep")
            for round in 0..<kills {
                await world.wait(for: Int.random(in: 1...12), of: round % 2 == 0 ? "phone" : "tablet")
                server.end()
                server = try await Self.serve(data, port)
            }
            try await world.judge(
                phone: phone, tablet: tablet, "\(kills) kills of the server, faults of seed \(seed)")
            await phone.shutdown()
            await tablet.shutdown()
        }
    }

    private static func serve(_ data: String, _ port: ReservedPort) async throws -> LineProcess {
        let server = try LineProcess(
            "bkend-server", ["serve", data, "--port", "\(port.number)", "--rate-limit", "off"])
        while try await !server.line().hasPrefix("listening") {}
        return server
    }
}
