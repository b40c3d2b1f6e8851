#if Server
import ArgumentParser

/// `bkend-server user …`
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "List, make, change and delete the users of an environment.",
        subcommands: [
            UserListCommand.self, UserShowCommand.self, UserCreateCommand.self, UserRoleCommand.self,
            UserPasswordCommand.self, UserDeleteCommand.self,
        ])
}
#endif
