// Made by `bkend generate swift` from the definitions of tables. Changes are lost when it is made again.

import Bkend
import Foundation

/// A record of the table `articles`.
@Table("articles")
struct Article: Hashable {
    /// From 1 to 200 characters.
    var title: String
    var content: String
    var coverImage: String?
    var category: String?
    var isPublished = false
    var tags: [Reference<Tag>] = []
}

/// A record of the table `bookmarks`.
@Table("bookmarks")
struct Bookmark: Hashable {
    var articleId: Reference<Article>
}

/// A record of the table `tags`.
@Table("tags")
struct Tag: Hashable {
    /// From 1 to 40 characters.
    var name: String
    var slug: String?
}
