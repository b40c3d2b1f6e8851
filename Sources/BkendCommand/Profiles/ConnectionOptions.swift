import ArgumentParser
import Bkend
import Foundation

/// Which server, as whom, and the form of what is printed. A flag counts before a variable of the environment, and that
/// before the profile.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server. Otherwise BKEND_SERVER, or the profile's.", valueName: "url"))
    var server: String?
    @Option(
        help: ArgumentHelp(
            "The key. Otherwise BKEND_KEY, or the profile's. Other users of this machine can see arguments: prefer the variable for a secret key.",
            valueName: "pk_…|sk_…"))
    var key: String?
    @Option(help: ArgumentHelp("The profile. Otherwise BKEND_PROFILE, or default.", valueName: "name"))
    var profile: String?
    @Flag(help: "Print JSON: one record or value a line.")
    var json = false

    /// The connection that flags, environment and profile describe.
    func connection(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> Connection {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let name = profile ?? variable("BKEND_PROFILE") ?? "default"
        try Profile.check(name)
        let folder = Profile.folder(environment).appending(path: name)
        let stored = try Profile.read(from: folder)
        guard let server = server ?? variable("BKEND_SERVER") ?? stored?.server else {
            throw CommandFailure(
                "no server is given; use --server or BKEND_SERVER, or store one with 'bkend login'", .usage)
        }
        guard let key = key ?? variable("BKEND_KEY") ?? stored?.key else {
            throw CommandFailure("no key is given; use --key or BKEND_KEY, or store one with 'bkend login'", .usage)
        }
        return Connection(profile: Profile(server: server, key: key), folder: folder)
    }

    /// Where results go.
    var output: Output { Output(terminal: .present(), isJSON: json) }

    /// Runs a body with a client, which is shut down afterwards.
    func run(_ body: (BkendClient, Output) async throws -> Void) async throws {
        try await reportingFailure {
            let client = try connection().client()
            do { try await body(client, output) } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        }
    }
}

/// A server, a key, and the folder with the session.
struct Connection {
    let profile: Profile
    let folder: URL

    /// A client with the session of the folder. With a secret key it has none: such a key isn't a user's.
    func client() throws -> BkendClient {
        var options = ClientOptions()
        // What goes wrong is told once, by the command.
        options.logger.logLevel = .error
        if profile.key.hasPrefix("sk_") {
            return try BkendClient(url: profile.server, key: profile.key, options: options)
        }
        let sessions = try FileSessionStore(path: folder.appending(path: "session.json").path)
        return try BkendClient(url: profile.server, key: profile.key, options: options, sessions: sessions)
    }
}
