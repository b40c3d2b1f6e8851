import ArgumentParser
import Bkend
import SampleDevice

struct ListCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows articles, newest first.")
    @Flag(help: "Those that aren't published yet.") var drafts = false
    @Option(help: "Only those with this tag.") var tag: String?
    @Option(help: "How many.") var limit = 20
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        // A device has nobody's drafts but its user's: see `subscribe`.
        var query = device.articles.where { $0.isPublished == !drafts }
        if let tag {
            guard let known = try await device.tags.where({ $0.name == tag }).first() else {
                throw SampleError("no article has the tag \(tag)")
            }
            query = query.where { $0.tags.contains(Reference(known)) }
        }
        let articles = try await query.order(by: \.createdAt, .descending).limit(limit).fetch()
        // All tags of the page at once.
        let tags = try await device.tags.get(articles.flatMap(\.tags))
        for article in articles { say(device.line(of: article, tags)) }
        say("\(articles.count) of \(counted(try await query.count(), drafts ? "draft" : "article"))")
    }
}

struct ReadCommand: DeviceCommand {
    static let configuration = CommandConfiguration(commandName: "read", abstract: "Shows an article.")
    @Argument(help: "The article's id.") var id: String
    @OptionGroup var options: DeviceOptions

    func run(on device: Device) async throws {
        let article: Record<Article>
        if let here = try await device.articles.get(id) {
            article = here
        } else {
            // A link may lead to an article that this device doesn't keep.
            article = try await device.articles.download(id)
        }
        say(device.line(of: article, try await device.tags.get(article.tags)))
        say(article.content)
    }
}
