import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server user disable DIR USER`
struct UserDisableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Keep a user from signing in; every session ends at once.",
        discussion: "Records that the user made stay, and so does the account: bkend-server user enable undoes it.")

    @OptionGroup var options: UserOptions
    @Argument(help: "The user's id or e-mail address.")
    var user: String

    func run() async throws {
        try await reportingFailure {
            let (accounts, _) = try options.accounts()
            let user = try await accounts.disable(options.user(user, in: accounts).id)
            UserOutput.show(user.json, asJSON: options.folder.json)
        }
    }
}
