// Made by `bkend generate swift` from the definitions of tables. Changes are lost when it is made again.

import Bkend
import Foundation

/// A record of the table `comments`.
@Table("comments")
struct Comment: Hashable {
    var postId: Reference<Post>
    /// From 1 to 500 characters.
    var content: String
}

/// A record of the table `follows`.
@Table("follows")
struct Follow: Hashable {
    var followerId: String
    var followingId: String
}

/// A record of the table `likes`.
@Table("likes")
struct Like: Hashable {
    var postId: Reference<Post>
}

/// A record of the table `posts`.
@Table("posts")
struct Post: Hashable {
    /// From 1 to 1000 characters.
    var content: String
    var imageUrl: String?
    var likesCount = 0
    var commentsCount = 0
}

/// A record of the table `profiles`.
@Table("profiles")
struct Profile: Hashable {
    /// Unique.
    var userId: String
    /// From 2 to 20 characters.
    var nickname: String
    /// At most 200 characters.
    var bio: String?
    var avatarUrl: String?
}
