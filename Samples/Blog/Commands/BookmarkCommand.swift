import ArgumentParser
import Bkend
import SampleDevice

struct BookmarkCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "bookmark", abstract: "Sets an article's bookmark, or removes it.")
    @Argument(help: "The article's id.") var id: String
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let article = Reference<Article>(id)
        if let bookmark = try await device.bookmarks.where({ $0.articleId == article }).first() {
            try await device.bookmarks.delete(bookmark)
            say("removed")
        } else {
            try await device.bookmarks.create(Bookmark(articleId: article))
            say("set")
        }
    }
}

struct BookmarksCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "bookmarks", abstract: "Shows what is bookmarked.")
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let bookmarks = try await device.bookmarks.order(by: \.createdAt).fetch()
        let articles = try await device.articles.get(bookmarks.map(\.articleId))
        for bookmark in bookmarks {
            say((articles[bookmark.articleId]?.title ?? "an article that is gone") + bookmark.syncState.mark)
        }
        say(counted(bookmarks.count, "bookmark"))
    }
}
