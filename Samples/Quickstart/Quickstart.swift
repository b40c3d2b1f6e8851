import Bkend
import Foundation
import Logging

/// Starts a bkend server in a temporary folder, uses it from Swift, and stops it: everything a first look needs.
///
/// Exit status 0 only if every step gave what it promises.
@main
struct Quickstart {
    static func main() async {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bkend-quickstart-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            try await Quickstart(folder: folder).run()
        } catch {
            FileHandle.standardError.write(Data("quickstart failed: \(error)\n".utf8))
            try? FileManager.default.removeItem(atPath: folder)
            exit(1)
        }
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

        var client = try BkendClient(url: server.url, key: keys.secretKey, options: .quiet)
        let ids = try await writing(client, &narrator)
        try await reading(client, &narrator)
        try await changing(client, ids, &narrator)
        try await refusals(client, publishableKey: keys.publishableKey, url: server.url, &narrator)

        narrator.step("Stop the server, start it again: everything is still there")
        await client.shutdown()
        try narrator.expect(server.stop() == 0, "the server finishes what it is doing and ends with status 0")
        server = try ServerProcess.serve(folder: folder)
        client = try BkendClient(url: server.url, key: keys.secretKey, options: .quiet)
        let count = try await client.table(Article.self).count()
        narrator.say("\(count) articles")
        try narrator.expect(count == 4, "four articles survive the restart")
        await client.shutdown()
        try narrator.expect(server.stop() == 0, "the server ends with status 0")
        print("\nThat was all of it. The program is in Samples/Quickstart; docs/guide.md goes on from here.")
    }
}

extension ClientOptions {
    /// The sample uses its secret key on purpose and says so; no warning needed.
    static var quiet: ClientOptions {
        var options = ClientOptions()
        options.logger.logLevel = .error
        return options
    }
}
