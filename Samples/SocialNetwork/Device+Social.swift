import Bkend
import SampleDevice

extension Device {
    var profiles: LocalTable<Profile> { store.table(Profile.self) }
    var posts: LocalTable<Post> { store.table(Post.self) }
    var comments: LocalTable<Comment> { store.table(Comment.self) }
    var likes: LocalTable<Like> { store.table(Like.self) }
    var follows: LocalTable<Follow> { store.table(Follow.self) }

    /// Whose posts the feed shows: the user's own, and those of whom the user follows.
    func authors() async throws -> [String] {
        try await follows.where { $0.followerId == userID }.fetch().map(\.followingId) + [userID]
    }

    /// The feed: `$in` over the authors, newest first.
    func feed() async throws -> LocalQuery<Post> {
        let authors = try await authors()
        return posts.where { $0.createdBy.isIn(authors) }.order(by: \.createdAt, .descending).limit(20)
    }

    /// Whom users are called, by their ids.
    func nicknames(_ users: [String]) async throws -> [String: String] {
        let found = try await profiles.where { $0.userId.isIn(users) }.fetch()
        return Dictionary(found.map { ($0.userId, $0.nickname) }, uniquingKeysWith: { first, _ in first })
    }

    /// The profile of a nickname.
    func profile(_ nickname: String) async throws -> Record<Profile> {
        guard let profile = try await profiles.where({ $0.nickname == nickname }).first() else {
            throw SampleError("nobody here is called \(nickname): sync, or look at people")
        }
        return profile
    }

    /// A signed-in user's id.
    func requireUser() throws -> String {
        if userID.isEmpty { throw SampleError("sign up first: --email, --password and --sign-up") }
        return userID
    }

    /// Posts on lines, with their authors and what this user likes.
    func lines(of posts: [Record<Post>]) async throws -> [String] {
        let names = try await nicknames(posts.map(\.createdBy))
        let shown = posts.map { Reference($0) }
        let liked = try await likes.where { $0.createdBy == userID && $0.postId.isIn(shown) }.fetch().map(\.postId)
        return posts.map { post in
            let heart = liked.contains(Reference(post)) ? " ♥" : ""
            return "\(post.id)  \(names[post.createdBy] ?? "somebody"): \(post.content)\(heart)\(post.syncState.mark)"
        }
    }
}
