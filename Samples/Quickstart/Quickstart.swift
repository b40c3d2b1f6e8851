import Bkend
import Foundation

/// Starts a bkend server in a temporary folder, uses it from Swift, and stops it: everything a first look needs.
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

    private static func remove(_ folder: String) {
        for path in [folder, folder + "-session"] { try? FileManager.default.removeItem(atPath: path) }
    }

    let folder: String
    var narrator = Narrator()

    init(folder: String) { self.folder = folder }

    /// What `bkend-server init` prints.
    struct Keys: Decodable {
        var publishableKey: String
        var secretKey: String
    }

    func run() async throws {
        var narrator = narrator
        narrator.step("A data folder, a table, a running server")
        narrator.code("bkend-server init DIR")
        let keys = try JSONDecoder().decode(Keys.self, from: try ServerProcess.run(["init", folder]))
        narrator.say("made a project with an environment \"dev\"; apps carry the key \(keys.publishableKey.prefix(9))…")
        guard let tables = Bundle.module.path(forResource: "tables", ofType: "json") else {
            throw ServerProcess.Failure(description: "tables.json is missing from the build")
        }
        narrator.code("bkend-server apply DIR tables.json")
        _ = try ServerProcess.run(["apply", folder, tables])
        narrator.code("bkend-server serve DIR --port 0")
        var server = try ServerProcess.serve(folder: folder)
        narrator.say("it listens on \(server.url)")

        // Where the session is kept: the next run of the app finds it there.
        let sessions = try FileSessionStore(path: folder + "-session/noor.json")
        var client = try BkendClient(url: server.url, key: keys.publishableKey, sessions: sessions)
        let noor = try await signingUp(client, &narrator)
        let ids = try await writing(client, by: noor, &narrator)
        try await reading(client, &narrator)
        try await changing(client, ids, &narrator)
        try await refusals(client, &narrator)
        try await strangers(ids[0], key: keys.publishableKey, url: server.url, &narrator)

        narrator.step("Stop the server, start it again: everything is still there")
        await client.shutdown()
        try narrator.expect(server.stop() == 0, "the server finishes what it is doing and ends with status 0")
        // At the same address: a session is sent to no other server than its own.
        server = try ServerProcess.serve(folder: folder, port: server.port)
        client = try BkendClient(url: server.url, key: keys.publishableKey, sessions: sessions)
        let count = try await client.table(Article.self).count()
        let user = try await client.accounts.me()
        narrator.say("\(count) articles, and \(user.name ?? "nobody") is still signed in")
        try narrator.expect(count == 4, "four articles survive the restart")
        try narrator.expect(user.id == noor.id, "a session in a file survives the restart of both ends")
        await client.shutdown()
        try narrator.expect(server.stop() == 0, "the server ends with status 0")
        print("\nThat was all of it. The program is in Samples/Quickstart; docs/guide.md goes on from here.")
    }
}
