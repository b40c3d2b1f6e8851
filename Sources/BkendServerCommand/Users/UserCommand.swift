import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server user …`
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "List, make, change, disable and delete the users of an environment.",
        subcommands: [
            UserListCommand.self, UserShowCommand.self, UserCreateCommand.self, UserRoleCommand.self,
            UserPasswordCommand.self, UserDisableCommand.self, UserEnableCommand.self, UserDeleteCommand.self,
        ])
}

/// `bkend-server user list DIR`
struct UserListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List users, the newest first.",
        discussion: """
            --json prints one object with items and pagination, as GET /v1/users answers; who is disabled has disabledAt.
            """)

    @OptionGroup var options: UserOptions
    @Option(help: "Only users whose name, nickname or address holds this.")
    var search: String?
    @Option(help: "The page, from 1.")
    var page = 1
    @Option(help: "How many on a page, at most 100.")
    var limit = 100

    func run() async throws {
        try await reportingFailure {
            let (accounts, _) = try options.accounts()
            var query = [QueryItem("page", "\(page)"), QueryItem("limit", "\(limit)")]
            if let search { query.append(QueryItem("search", search)) }
            let answer = try await accounts.users(UserList(queryItems: query), .secretKey).body
            if options.folder.json { return StandardOutput.json(answer) }
            UserOutput.table((answer["items"]?.arrayValue ?? []).compactMap(\.objectValue))
            let (total, pages) = (answer["pagination"]?["total"], answer["pagination"]?["totalPages"])
            StandardOutput.line("page \(page) of \(pages ?? 1), \(total ?? 0) users")
        }
    }
}

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
