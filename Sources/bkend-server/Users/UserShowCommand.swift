import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server user show DIR USER`
struct UserShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a user.")

    @OptionGroup var options: UserOptions
    @Argument(help: "The user's id or e-mail address.")
    var user: String

    func run() async throws {
        try await reportingFailure {
            let (accounts, _) = try options.accounts()
            UserOutput.show(try await options.user(user, in: accounts).json, asJSON: options.folder.json)
        }
    }
}
