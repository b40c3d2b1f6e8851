import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server signing-key rotate DIR`
struct SigningKeyRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Sign access tokens by a new key from now on.",
        discussion: """
            A server that runs takes it up at the next request. Tokens of the old key are taken until they expire, an
            hour as a rule; with --overlap 0, for a key that has leaked, they are refused at once and clients refresh.
            """)

    @OptionGroup var folder: FolderOptions
    @Option(help: "How long tokens of the old key are taken.")
    var overlap = "1h"

    func run() async throws {
        try await reportingFailure {
            guard let span = TimeSpan(overlap) else {
                throw OperatorError("\(overlap.debugDescription) is no span of time: write 1h, 30m or 0")
            }
            let keys = try folder.open().rotateSigningKeys(now: .systemNow, overlap: span)
            SigningKeyOutput.show(keys, asJSON: folder.json)
        }
    }
}
