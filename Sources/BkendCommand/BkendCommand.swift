import ArgumentParser
import BkendWire

/// The client's command.
package struct BkendCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bkend",
        abstract: "Work with the records of a bkend server from a terminal.",
        discussion: """
            bkend login ada@example.com --server https://api.example.com --key pk_…
            bkend list articles --where 'views >= 10 and title ~ /^A/i' --sort -createdAt
            bkend create articles '{"title": "Hello"}'
            bkend generate swift articles

            Exit statuses: 64 for a wrong argument or filter, 65 for data that the server refuses, 66 where there is \
            no such record or table, 69 where no server answers, 70 where it fails, 74 where the output can't be \
            written, 75 where the server has too much to do, 77 for what the key or the user may not do, 1 for \
            anything else.
            """,
        version: "bkend \(PackageVersion.current)",
        subcommands: [
            LoginCommand.self, LogoutCommand.self, WhoamiCommand.self, ListCommand.self, GetCommand.self,
            CreateCommand.self, UpdateCommand.self, DeleteCommand.self, CountCommand.self, WatchCommand.self,
            GenerateCommand.self, StoreCommand.self,
        ])

    package init() {}
}
