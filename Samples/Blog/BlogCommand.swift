import ArgumentParser
import SampleDevice

/// A blog for the terminal that works without a network; README.md beside this file walks through it.
@main
struct BlogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blog",
        abstract: "A blog with drafts, tags and bookmarks that can be read and written without a network.",
        subcommands: [
            ListCommand.self, ReadCommand.self, WriteCommand.self, PublishCommand.self, TagsCommand.self,
            BookmarkCommand.self, BookmarksCommand.self, SeedCommand.self, SyncCommand.self, OutboxCommand.self,
        ])
}
