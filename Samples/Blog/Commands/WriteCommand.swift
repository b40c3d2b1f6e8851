import ArgumentParser
import Bkend
import SampleDevice

struct WriteCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Writes a draft and prints its id.",
        discussion: "The id is good for ever on this device, also when the server has given the article another one.")
    @Argument(help: "The title.") var title: String
    @Argument(help: "What it says.") var content: String
    @Option(name: .customLong("tag"), help: "A tag; made if it is new. May be repeated.") var names: [String] = []
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        var tags: [Reference<Tag>] = []
        for name in names {
            // A tag that is new has a local id as yet. The article is sent after it, with the id that the server gives it.
            tags.append(Reference(try await device.tags.upsert(Tag(name: name, slug: name.lowercased()), by: \.name)))
        }
        say(try await device.articles.create(Article(title: title, content: content, tags: tags)).id)
    }
}

struct PublishCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Lets everybody read an article, or a draft of it again with --draft.")
    @Argument(help: "The article's id.") var id: String
    @Flag(help: "Takes it back.") var draft = false
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        // Only the field that changed is sent: a new title on another device is no conflict with this.
        try await device.articles.update(id) { $0.isPublished = !draft }
    }
}
