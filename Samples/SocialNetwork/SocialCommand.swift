import ArgumentParser
import SampleDevice

/// A social network for the terminal that works without a network; README.md beside this file walks through it.
@main
struct SocialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "social",
        abstract: "Posts, follows, likes and comments that can be read and written without a network.",
        subcommands: [
            ProfileCommand.self, PeopleCommand.self, FollowCommand.self, FeedCommand.self, WatchCommand.self,
            PostCommand.self, LikeCommand.self, CommentCommand.self, ShowCommand.self, SeedCommand.self,
            SyncCommand.self, OutboxCommand.self,
        ])
}
