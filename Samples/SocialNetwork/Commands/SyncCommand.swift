import ArgumentParser
import Bkend
import SampleDevice

struct SyncCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Sends what waits, fetches what is new, and ends.")
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        _ = try device.requireUser()
        try await device.subscribe()
        try await device.store.sync.start()
        await device.store.sync.settled()
        // Whom this user follows is known now, also if another device has changed it.
        try await device.subscribe()
        try await device.sync()
    }
}

extension Device {
    /// What this device keeps: profiles, whom its user follows, the posts of the feed with their comments, and its user's
    /// likes.
    func subscribe() async throws {
        try await store.subscribe(to: profiles)
        try await store.subscribe(to: follows.where { $0.followerId == userID })
        try await store.subscribe(to: likes.where { $0.createdBy == userID })
        try await store.subscribe(to: comments)
        // Another list of authors is another subscription. It comes before the old one goes, so that no post that both
        // have leaves the device in between.
        let authors = try await authors()
        let feed = try await store.subscribe(to: posts.where { $0.createdBy.isIn(authors.sorted()) })
        for old in try await store.subscriptions() where old.table == posts.name && old.id != feed.id {
            try await store.unsubscribe(old.id)
        }
    }
}

struct SeedCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed", abstract: "Writes posts to try the feed with. No network is needed.")
    @Option(help: "How many.") var count = 30
    @OptionGroup var options: DeviceOptions

    func validate() throws {
        guard (1...10_000).contains(count) else { throw ValidationError("--count is 1 to 10000") }
    }

    func run(on device: Device) async throws {
        _ = try device.requireUser()
        let progress = Progress("posts")
        for start in stride(from: 0, to: count, by: 20) {
            let numbers = start..<min(start + 20, count)
            try await device.posts.createAll(numbers.map { Post(content: "Thought number \($0 + 1)") })
            progress.show(numbers.upperBound, of: count)
        }
        progress.clear()
        say("\(counted(count, "post")) written")
    }
}
