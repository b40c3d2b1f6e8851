import ArgumentParser
import Bkend
import SampleDevice

struct FeedCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed", abstract: "Shows the newest posts of those whom you follow, and yours.")
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let posts = try await device.feed().fetch()
        for line in try await device.lines(of: posts.records) { say(line) }
        say(counted(posts.count, "post"))
    }
}

struct WatchCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Keeps in sync and shows the feed whenever it changes; Ctrl-C ends it.")
    @Option(help: "Ends after so many changes.") var count: Int?
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        if !device.userID.isEmpty {
            try await device.subscribe()
            try await device.store.sync.start()
        }
        var shown = 0
        // The posts now, and again whenever they change: by this program, another one on this device, or the server.
        for await snapshot in try await device.feed().live() {
            say("-- \(counted(snapshot.records.count, "post"))")
            for line in try await device.lines(of: snapshot.records) { say(line) }
            if let error = snapshot.error { throw error }
            shown += 1
            if shown == count { return }
        }
    }
}
