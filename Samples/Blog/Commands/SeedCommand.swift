import ArgumentParser
import Bkend
import SampleDevice

struct SeedCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed", abstract: "Writes articles to try the blog with. No network is needed.")
    @Option(help: "How many.") var count = 40
    @OptionGroup var options: DeviceOptions

    func validate() throws {
        guard (1...10_000).contains(count) else { throw ValidationError("--count is 1 to 10000") }
    }

    func run(on device: Device) async throws {
        var tags: [Reference<Tag>] = []
        for name in ["travel", "food", "books"] {
            tags.append(Reference(try await device.tags.upsert(Tag(name: name, slug: name), by: \.name)))
        }
        let progress = Progress("articles")
        // Each step is one transaction: all of its articles are stored, or none.
        for start in stride(from: 0, to: count, by: 20) {
            let numbers = start..<min(start + 20, count)
            try await device.articles.createAll(
                numbers.map { number in
                    Article(
                        title: "Day \(number + 1)", content: "What happened on day \(number + 1).", isPublished: true,
                        tags: [tags[number % tags.count]])
                })
            progress.show(numbers.upperBound, of: count)
        }
        progress.clear()
        say("\(counted(count, "article")) written")
    }
}

struct SyncCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Sends what waits, fetches what is new, and ends.")
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        try await device.subscribe()
        try await device.sync()
    }
}
