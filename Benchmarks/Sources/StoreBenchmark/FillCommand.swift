import ArgumentParser
import Bkend

/// Makes a store for `RepeatCommand`.
struct FillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill",
        abstract: "Make a store with records of the server's, and creates that wait for it.")

    @Argument(help: "The store's folder, which must not exist.")
    var folder: String
    @Option(help: "How many records come from the server.")
    var records = 10_000
    @Option(help: "How many creates wait.")
    var waiting = 100

    func run() async throws {
        let articles = try await StoreArticles(folder: folder)
        try articles.fill(0..<records)
        try await articles.table.index(by: \.category, \.views)
        try await articles.queue(0..<waiting)
        await articles.close()
    }
}
