import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server signing-key list DIR`
struct SigningKeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the keys that sign access tokens, without their secrets.")

    @OptionGroup var folder: FolderOptions

    func run() async throws {
        try await reportingFailure {
            SigningKeyOutput.show(try folder.open().signingKeys(now: .systemNow), asJSON: folder.json)
        }
    }
}
