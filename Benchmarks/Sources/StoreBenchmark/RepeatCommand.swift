import ArgumentParser
import Bkend

/// Repeats one operation on a store. The difference between two runs of this program, divided by the difference of their
/// counts, is the operation's cost in whatever a tool counts: see `Scripts/instructions`.
struct RepeatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repeat",
        abstract: "Repeat one operation on a store that 'fill' has made.")

    /// What is repeated.
    enum Operation: String, CaseIterable, ExpressibleByArgument {
        case create, createObserved, createObservedWhole, update, get, query, ownIndex
    }

    @Argument(help: "The operation.")
    var operation: Operation
    @Argument(help: "The store's folder.")
    var folder: String
    @Option(help: "How often.")
    var count = 100

    func run() async throws {
        let articles = try await StoreArticles(folder: folder)
        let observer: GrowthObserver =
            switch operation {
            case .createObserved: .newest
            case .createObservedWhole: .everything
            default: .none
            }
        let watch = await observer.watch(articles.table)
        for number in 0..<count { try await perform(number, articles) }
        watch?.cancel()
        await articles.close()
    }

    private func perform(_ number: Int, _ articles: StoreArticles) async throws {
        switch operation {
        case .create, .createObserved, .createObservedWhole: try await articles.table.create(Article(number))
        case .update: try await articles.table.update(ArticleRow.id(number)) { $0.views = -number }
        case .get: guard try await articles.table.get(ArticleRow.id(number)) != nil else { throw Difference() }
        case .query: guard try await articles.after(ArticleRow.moment(number)).count == 20 else { throw Difference() }
        case .ownIndex:
            guard try await articles.least(of: "category-\(number % 100)").count == 20 else { throw Difference() }
        }
    }
}
