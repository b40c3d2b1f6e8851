import ArgumentParser

/// `bkend-server user …`
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "List, make, change, disable and delete the users of an environment.",
        subcommands: [
            UserListCommand.self, UserShowCommand.self, UserCreateCommand.self, UserRoleCommand.self,
            UserPasswordCommand.self, UserDisableCommand.self, UserEnableCommand.self, UserDeleteCommand.self,
        ])
}
