import Bkend
import BkendTesting
import Foundation
import Testing

extension AppWorld {
    private static let tables: JSON = [
        "tables": [
            [
                "name": "notes",
                "schema": [
                    "properties": [
                        "mark": ["type": "string", "required": true], "owner": ["type": "string"],
                        "value": ["type": "int"],
                    ],
                    "additionalProperties": true,
                ],
                "permissions": [
                    "user": ["create": true],
                    "self": ["read": true, "list": true, "update": true, "delete": true],
                ],
            ]
        ]
    ]

    /// A world, what its server needs, and the key of an administrator.
    struct Place {
        let world: AppWorld
        let folder: URL
        let port: ReservedPort
        let secret: String

        /// The server's data.
        var data: String { folder.appending(path: "data").path }
    }

    /// Runs a body with devices that are signed in, and ends all processes of the app.
    static func run(devices: [String], _ body: (Place) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-apps-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let place = try await prepare(folder, devices: devices)
        do {
            try await body(place)
        } catch {
            await place.world.end()
            throw error
        }
        await place.world.end()
    }

    /// A server's folder, and devices that are signed in to it; nobody repeats a sign-up whose answer was lost.
    private static func prepare(_ folder: URL, devices: [String]) async throws -> Place {
        let port = try ReservedPort()
        let server = try await TestServer.start(folder: folder.appending(path: "data").path, tables: tables) {
            $0.port = port.number
        }
        let world = AppWorld(url: server.url, key: server.publishableKey, folder: folder)
        do {
            try await world.signIn(devices: devices)
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
        return Place(world: world, folder: folder, port: port, secret: server.secretKey)
    }

    /// The server as a process of its own.
    static func serve(_ place: Place) async throws -> LineProcess {
        let server = try LineProcess(
            "bkend-server", ["serve", place.data, "--port", "\(place.port.number)", "--rate-limit", "off"])
        while try await !server.line().hasPrefix("listening") {}
        return server
    }

    /// Expects that everything was sent, and that server and devices have what was written.
    func judge(_ secret: String, _ what: String) async throws {
        let left = try await settle()
        let admin = try BkendClient(url: url, key: secret, options: .silent)
        let (flaws, reports) = try await flaws(admin: admin)
        await admin.shutdown()
        let returned = await ledger.total
        print("\(what): \(kills) kills of apps, \(returned) writes returned, \(reports.count) reports")
        for report in reports.prefix(20) { print(report) }
        #expect(left.isEmpty, "\(what): \(left)")
        #expect(flaws.isEmpty, "\(what): \(flaws.prefix(20))")
        #expect(returned > 0)
    }
}
