import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server signing-key …`
struct SigningKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signing-key", abstract: "List and rotate the keys that sign access tokens.",
        subcommands: [SigningKeyListCommand.self, SigningKeyRotateCommand.self])
}

/// Signing keys in columns, or as one array; never their secrets.
enum SigningKeyOutput {
    static func show(_ keys: [SigningKeyEntry], asJSON: Bool) {
        if asJSON { return StandardOutput.json(keys.map(\.json)) }
        StandardOutput.table(
            ["ID", "CREATED", "SIGNS", "VERIFIES UNTIL"],
            keys.map {
                [
                    $0.id, $0.createdAt.description, $0.verifiesUntil == nil ? "yes" : "",
                    $0.verifiesUntil?.description ?? "",
                ]
            })
    }
}
