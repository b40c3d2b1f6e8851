import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server user enable DIR USER`
struct UserEnableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Let a disabled user sign in again.",
        discussion: "Sessions don't come back: the user signs in anew, by the password that there was.")

    @OptionGroup var options: UserOptions
    @Argument(help: "The user's id or e-mail address.")
    var user: String

    func run() async throws {
        try await reportingFailure {
            let (accounts, _) = try options.accounts()
            let user = try await accounts.enable(options.user(user, in: accounts).id)
            UserOutput.show(user.json, asJSON: options.folder.json)
        }
    }
}
