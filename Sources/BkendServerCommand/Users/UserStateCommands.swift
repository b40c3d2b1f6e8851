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
