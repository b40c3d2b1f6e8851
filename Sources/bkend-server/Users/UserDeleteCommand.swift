import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server user delete DIR USER --yes`
struct UserDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a user: password and sessions go, records that they made stay.",
        discussion: "Without --yes it only says who would go, with status 1.")

    @OptionGroup var options: UserOptions
    @Argument(help: "The user's id or e-mail address.")
    var user: String
    @Flag(help: "Do it.")
    var yes = false

    func run() async throws {
        try await reportingFailure {
            let (accounts, _) = try options.accounts()
            let user = try await options.user(user, in: accounts)
            guard yes else { throw OperatorError("this would delete \(user.email) (\(user.id)): give --yes") }
            _ = try await accounts.deleteUser(user.id, .secretKey)
            if options.folder.json {
                StandardOutput.json(["id": .string(user.id), "email": .string(user.email), "deleted": true])
            } else {
                StandardOutput.line("user \(user.email) (\(user.id)) deleted")
            }
        }
    }
}
