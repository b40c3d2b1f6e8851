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

    /// Runs a body with a folder for whatever it needs.
    static func run(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-apps-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    /// A server's folder, and devices that are signed in to it; nobody repeats a sign-up whose answer was lost.
    static func prepare(
        _ folder: URL, devices: [String]
    ) async throws -> (world: AppWorld, port: ReservedPort, secret: String) {
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
        return (world, port, server.secretKey)
    }

    /// The server as a process of its own.
    static func serve(_ folder: URL, _ port: ReservedPort) async throws -> LineProcess {
        let data = folder.appending(path: "data").path
        let server = try LineProcess(
            "bkend-server", ["serve", data, "--port", "\(port.number)", "--rate-limit", "off"])
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
