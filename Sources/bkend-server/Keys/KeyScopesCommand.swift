import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server key scopes DIR ID --scope articles:read`
struct KeyScopesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scopes", abstract: "Set what a key may do; it counts from the next request on.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The key's number, as key list shows it.")
    var id: Int64
    @Option(name: .customLong("scope"), help: "What it may do, table:operation, * for either part; repeatable.")
    var scopes: [String] = []
    @Flag(help: "Lift every limit.")
    var all = false
    @OptionGroup var environment: EnvironmentOptions

    func validate() throws {
        guard all == scopes.isEmpty else { throw ValidationError("give --scope, once or more, or --all") }
    }

    func run() async throws {
        try await reportingFailure {
            let folder = try folder.open()
            let key = try folder.control.setScopes(
                try KeyScopes(scopes), ofKey: id, of: environment.name(in: folder), now: .systemNow)
            KeyOutput.show(key, asJSON: self.folder.json)
        }
    }
}
