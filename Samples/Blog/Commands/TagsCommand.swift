import ArgumentParser
import Bkend
import SampleDevice

struct TagsCommand: DeviceCommand {
    static let configuration = CommandConfiguration(
        commandName: "tags", abstract: "Shows the tags and how many articles have them.")
    @Option(help: "Removes this tag from your articles, and then the tag itself.") var remove: String?
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        if let remove { return try await self.remove(remove, on: device) }
        for tag in try await device.tags.order(by: \.name).fetch() {
            let count = try await device.articles.where { $0.tags.contains(Reference(tag)) }.count()
            say("#\(tag.name)  \(counted(count, "article"))\(tag.syncState.mark)")
        }
    }

    private func remove(_ name: String, on device: Device) async throws {
        let mine = device.tags.where { $0.name == name && $0.createdBy == device.userID }
        guard let tag = try await mine.first() else { throw SampleError("you have no tag \(name)") }
        let reference = Reference(tag)
        let tagged = device.articles.where { $0.tags.contains(reference) && $0.createdBy == device.userID }
        let result = try await tagged.updateAll { $0.tags.removeAll { $0 == reference } }
        guard result.isComplete else { throw SampleError("some articles still have the tag: try again") }
        try await device.tags.delete(tag)
        say("removed from \(counted(result.done.count, "article"))")
    }
}
