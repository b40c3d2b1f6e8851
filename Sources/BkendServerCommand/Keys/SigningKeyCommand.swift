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
    /// Shows the keys of a purpose.
    static func list(_ purpose: SigningPurpose, in folder: FolderOptions) throws {
        show(try folder.open().signingKeys(of: purpose, now: .systemNow), asJSON: folder.json)
    }

    /// Makes a new key, and shows all.
    ///
    /// - Parameter overlap: how long the old one is taken.
    static func rotate(_ purpose: SigningPurpose, in folder: FolderOptions, overlap: String) throws {
        guard let span = TimeSpan(overlap) else {
            throw OperatorError("\(overlap.debugDescription) is no span of time: write 1h, 30m or 0", .usage)
        }
        let keys = try folder.open().rotateSigningKeys(of: purpose, now: .systemNow, overlap: span)
        show(keys, asJSON: folder.json)
    }

    private static func show(_ keys: [SigningKeyEntry], asJSON: Bool) {
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

/// `bkend-server signing-key list DIR`
struct SigningKeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the keys that sign access tokens, without their secrets.")

    @OptionGroup var folder: FolderOptions

    func run() async throws {
        try await reportingFailure {
            try SigningKeyOutput.list(.tokens, in: folder)
        }
    }
}

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
            try SigningKeyOutput.rotate(.tokens, in: folder, overlap: overlap)
        }
    }
}
