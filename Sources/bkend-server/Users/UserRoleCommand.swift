import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server user role DIR USER ROLE`
struct UserRoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Change a user's role; it counts at once, also for sessions that are open.")

    @OptionGroup var options: UserOptions
    @Argument(help: "The user's id or e-mail address.")
    var user: String
    @Argument(help: "admin, user, or a role of your own.")
    var role: String

    func run() async throws {
        try await reportingFailure {
            let (accounts, _) = try options.accounts()
            let id = try await options.user(user, in: accounts).id
            let answer = try await accounts.changeRole(of: id, ["role": .string(role)], .secretKey)
            UserOutput.show(answer.body, asJSON: options.folder.json)
        }
    }
}
