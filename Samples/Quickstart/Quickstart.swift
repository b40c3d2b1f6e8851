import Bkend
import Foundation

/// Starts a bkend server in a temporary folder and lives through a day of an app that works offline: everything a first
/// look needs.
///
/// Exit status 0 only if every step gave what it promises.
@main
struct Quickstart {
    static func main() async {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bkend-quickstart-\(UUID())").path
        do {
            try await Quickstart(folder: folder).run()
        } catch {
            FileHandle.standardError.write(Data("quickstart failed: \(error)\n".utf8))
            remove(folder)
            exit(1)
        }
        remove(folder)
    }

    private static func remove(_ folder: String) { try? FileManager.default.removeItem(atPath: folder) }

    let folder: String

    /// What `bkend-server init` prints.
    struct Keys: Decodable {
        var publishableKey: String
        var secretKey: String
    }

    func run() async throws {
        var narrator = Narrator()
        let (data, key) = try makingServer(&narrator)
        var server = try ServerProcess.serve(folder: data)
        narrator.say("it listens on \(server.url)")
        defer { server.kill() }

        let phone = try await openingPhone(server.url, key, &narrator)
        try await online(phone, &narrator)
        let note = try await writingOffline(phone, stopping: server, &narrator)
        // At the same address: a session is sent to no other server than its own.
        server = try ServerProcess.serve(folder: data, port: server.port)
        try await confirming(note, on: phone, &narrator)
        let laptop = try await Device.open(folder + "/laptop", url: server.url, key: key, isNew: false)
        try await conflict(phone, laptop, note, &narrator)
        try await deadLetter(phone, &narrator)

        await phone.close()
        await laptop.close()
        try narrator.expect(server.stop() == 0, "the server finishes what it is doing and ends with status 0")
        print("\nThat was all of it. The program is in Samples/Quickstart; docs/offline.md goes on from here.")
    }

    /// A data folder with a table; the folder and the key that apps carry.
    private func makingServer(_ narrator: inout Narrator) throws -> (folder: String, key: String) {
        narrator.step("A data folder, a table, a running server")
        let data = folder + "/data"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        narrator.code("bkend-server init DIR")
        let keys = try JSONDecoder().decode(Keys.self, from: try ServerProcess.run(["init", data]))
        narrator.say("made a project with an environment \"dev\"; apps carry the key \(keys.publishableKey.prefix(9))…")
        guard let tables = Bundle.module.path(forResource: "tables", ofType: "json") else {
            throw ServerProcess.Failure(description: "tables.json is missing from the build")
        }
        narrator.code("bkend-server apply DIR tables.json")
        _ = try ServerProcess.run(["apply", data, tables])
        narrator.code("bkend-server serve DIR --port 0")
        return (data, keys.publishableKey)
    }
}
