import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server user password-reset DIR USER`
struct UserPasswordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password-reset", abstract: "Mail a user a token to set a password, or set one.",
        discussion: """
            The mail lies in the folder's mail/ until you deliver it. With --password-stdin the password is read from
            standard input and set, and every session of the user ends.
            """)

    @OptionGroup var options: UserOptions
    @Argument(help: "The user's id or e-mail address.")
    var user: String
    @Flag(help: "Read a new password from standard input and set it.")
    var passwordStdin = false

    func run() async throws {
        try await reportingFailure {
            let (accounts, folder) = try options.accounts()
            let user = try await options.user(user, in: accounts)
            if passwordStdin {
                try await accounts.setPassword(PasswordInput.read(), of: user.id)
            } else {
                try await accounts.mailPasswordReset(to: user.id)
            }
            if options.folder.json {
                StandardOutput.json([
                    "id": .string(user.id), "email": .string(user.email),
                    "done": passwordStdin ? "passwordSet" : "mailWritten",
                ])
            } else {
                StandardOutput.line(
                    passwordStdin
                        ? "the password of \(user.email) is set; every session has ended"
                        : "a mail to \(user.email) lies in \(folder.mailFolder)")
            }
        }
    }
}
