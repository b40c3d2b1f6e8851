import ArgumentParser

/// A notes app for the terminal that works without a network; README.md beside this file walks through it.
@main
struct OfflineNotesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offline-notes",
        abstract: "Notes that can be read and written without a network.",
        discussion: """
            A folder is a device: it holds what this user keeps here, and what the server doesn't have yet. A note's \
            state is "pending" until the server has confirmed it.
            """,
        subcommands: [
            ListCommand.self, AddCommand.self, EditCommand.self, DoneCommand.self, DeleteCommand.self,
            OutboxCommand.self, RepairCommand.self, SyncCommand.self, WatchCommand.self,
        ])

    @OptionGroup var device: DeviceOptions
}
