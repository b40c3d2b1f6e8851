import ArgumentParser
import Bkend
import SampleDevice

struct PostCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "post", abstract: "Posts something and prints its id.")
    @Argument(help: "What.") var content: String
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        _ = try device.requireUser()
        say(try await device.posts.create(Post(content: content)).id)
    }
}

struct CommentCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "comment", abstract: "Comments on a post.")
    @Argument(help: "The post's id.") var post: String
    @Argument(help: "What you think of it.") var content: String
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        _ = try device.requireUser()
        // The post may have been written here a moment ago and have a local id: the comment is sent after it.
        try await device.comments.create(Comment(postId: Reference(post), content: content))
    }
}

struct LikeCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "like", abstract: "Likes a post, or no longer if you did.",
        discussion: """
            A like is a record of its own, created exactly once, and the number of likes is their count. In a number that \
            everybody changes, two likes at a time would be one.
            """)
    @Argument(help: "The post's id.") var post: String
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let me = try device.requireUser()
        guard let post = try await device.posts.get(post) else { throw SampleError("no such post here") }
        let mine = device.likes.where { $0.postId == Reference(post) && $0.createdBy == me }
        if try await mine.deleteAll().done.isEmpty {
            try await device.likes.create(Like(postId: Reference(post)))
            say("liked")
        } else {
            say("not liked any more")
        }
    }
}

struct ShowCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a post with its comments and the number of its likes.")
    @Argument(help: "The post's id.") var post: String
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        guard let post = try await device.posts.get(post) else { throw SampleError("no such post here") }
        for line in try await device.lines(of: [post]) { say(line) }
        let comments = try await device.comments.where { $0.postId == Reference(post) }.order(by: \.createdAt).fetch()
        let names = try await device.nicknames(comments.map(\.createdBy))
        for comment in comments {
            say("   \(names[comment.createdBy] ?? "somebody"): \(comment.content)\(comment.syncState.mark)")
        }
        say("   \(try await likes(of: post, on: device))")
    }

    /// Everybody's likes are on the server; this device has its user's.
    private func likes(of post: Record<Post>, on device: Device) async throws -> String {
        guard post.syncState == .synced else { return "no likes yet: the post isn't on the server" }
        // Whoever looks at a post doesn't wait for a bad network.
        let options = CallOptions(deadline: .seconds(15), retry: .never)
        do throws(BkendError) {
            let likes = device.client.table(Like.self).where { $0.postId == Reference(post) }
            return counted(try await likes.count(options: options), "like")
        } catch {
            guard case .transport(let failure) = error.reason else { throw error }
            let why = failure.kind == .totalTimedOut ? "doesn't answer within 15 s" : "can't be reached"
            return "likes: only the server knows, and it \(why)"
        }
    }
}
