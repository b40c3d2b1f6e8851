import Bkend
import SampleDevice

extension Device {
    var articles: LocalTable<Article> { store.table(Article.self) }
    var tags: LocalTable<Tag> { store.table(Tag.self) }
    var bookmarks: LocalTable<Bookmark> { store.table(Bookmark.self) }

    /// What this device keeps: what everybody has published, all tags, and everything of its user's.
    ///
    /// A guest has nothing on the server. Subscribing to what is subscribed to already changes nothing.
    func subscribe() async throws {
        try await store.subscribe(to: articles.where { $0.isPublished == true })
        try await store.subscribe(to: tags)
        guard !userID.isEmpty else { return }
        try await store.subscribe(to: articles.where { $0.createdBy == userID })
        try await store.subscribe(to: bookmarks)
    }

    /// An article on one line, with the names of its tags.
    func line(of article: Record<Article>, _ tags: [Reference<Tag>: Record<Tag>]) -> String {
        let names = article.tags.compactMap { tags[$0]?.name }.map { " #\($0)" }.joined()
        return "\(article.id)  \(article.title)\(names)\(article.syncState.mark)"
    }
}
