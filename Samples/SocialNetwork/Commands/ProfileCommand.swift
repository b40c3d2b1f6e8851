import ArgumentParser
import Bkend
import SampleDevice

struct ProfileCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "profile", abstract: "Makes or changes your profile.")
    @Argument(help: "What you are called.") var nickname: String
    @Option(help: "Who you are.") var bio: String?
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        // One profile for each user. Another device of this user may make one as well before it has heard of this one:
        // `userId` is unique, so the server takes the first one.
        let profile = Profile(userId: try device.requireUser(), nickname: nickname, bio: bio)
        let stored = try await device.profiles.upsert(profile, by: \.userId)
        say("\(stored.nickname)\(stored.syncState.mark)")
    }
}

struct PeopleCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "people", abstract: "Shows who is here.")
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let authors = Set(try await device.authors())
        for profile in try await device.profiles.order(by: \.nickname).fetch() {
            let bio = profile.bio.map { " – \($0)" } ?? ""
            let relation =
                profile.userId == device.userID ? " (you)" : authors.contains(profile.userId) ? " (followed)" : ""
            say("\(profile.nickname)\(bio)\(relation)")
        }
    }
}

struct FollowCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow", abstract: "Follows somebody, or no longer with --stop.")
    @Argument(help: "Whom.") var nickname: String
    @Flag(help: "Ends it.") var stop = false
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let (me, other) = (try device.requireUser(), try await device.profile(nickname).userId)
        let present = device.follows.where { $0.followerId == me && $0.followingId == other }
        if stop {
            try await present.deleteAll()
        } else {
            try await device.follows.upsert(Follow(followerId: me, followingId: other), by: \.followerId, \.followingId)
        }
        say("\(stop ? "no longer " : "")following \(nickname); the feed follows with the next sync")
    }
}
