import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server key revoke DIR ID`
struct KeyRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End a key at once and for good, also for a server that runs.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The key's number, as key list shows it.")
    var id: Int64
    @OptionGroup var environment: EnvironmentOptions

    func run() async throws {
        try await reportingFailure {
            let folder = try folder.open()
            let key = try folder.control.revokeKey(id, of: environment.name(in: folder), now: .systemNow)
            KeyOutput.show(key, asJSON: self.folder.json)
        }
    }
}
