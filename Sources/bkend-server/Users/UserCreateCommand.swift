import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server user create DIR EMAIL`
struct UserCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a user, of any role.",
        discussion: "Without a password the user sets one by a reset: bkend-server user password-reset.")

    @OptionGroup var options: UserOptions
    @Argument(help: "The e-mail address.")
    var email: String
    @Option(help: "The user's name.")
    var name: String?
    @Option(help: "admin, user, or a role of your own.")
    var role = "user"
    @Flag(help: "Read a password from standard input.")
    var passwordStdin = false

    func run() async throws {
        try await reportingFailure {
            let (accounts, _) = try options.accounts()
            var body: JSONObject = ["email": .string(email), "role": .string(role)]
            if let name { body["name"] = .string(name) }
            if passwordStdin { body["password"] = .string(try PasswordInput.read()) }
            let user = try await accounts.createUser(body, .secretKey).body
            UserOutput.show(user, asJSON: options.folder.json)
        }
    }
}
