import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server key list DIR`
struct KeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the keys of an environment; publishable ones with their text.")

    @OptionGroup var folder: FolderOptions
    @OptionGroup var environment: EnvironmentOptions

    func run() async throws {
        try await reportingFailure {
            let folder = try folder.open()
            let keys = try folder.control.keys(of: environment.name(in: folder), now: .systemNow)
            if self.folder.json { StandardOutput.json(keys.map(\.json)) } else { KeyOutput.show(keys) }
        }
    }
}
