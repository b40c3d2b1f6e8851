import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server address-key …`
struct AddressKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "address-key", abstract: "List and rotate the keys that sign addresses of files.",
        subcommands: [AddressKeyListCommand.self, AddressKeyRotateCommand.self])
}

/// `bkend-server address-key list DIR`
struct AddressKeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the keys that sign addresses of files, without their secrets.")

    @OptionGroup var folder: FolderOptions

    func run() async throws {
        try await reportingFailure {
            try SigningKeyOutput.list(.addresses, in: folder)
        }
    }
}

/// `bkend-server address-key rotate DIR`
struct AddressKeyRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Sign addresses of files by a new key from now on.",
        discussion: """
            A server that runs takes it up at the next request. Addresses of the old key are taken until they end, an
            hour at most; with --overlap 0, for a key that has leaked, they are refused at once and clients ask for new
            ones. Addresses of public files aren't signed, and stay.
            """)

    @OptionGroup var folder: FolderOptions
    @Option(help: "How long addresses of the old key are taken.")
    var overlap = "1h"

    func run() async throws {
        try await reportingFailure {
            try SigningKeyOutput.rotate(.addresses, in: folder, overlap: overlap)
        }
    }
}
