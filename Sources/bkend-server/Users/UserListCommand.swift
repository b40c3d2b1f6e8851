import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire

/// `bkend-server user list DIR`
struct UserListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List users, the newest first.",
        discussion: """
            --json prints one object with items and pagination, as GET /v1/users answers; who is disabled has disabledAt.
            """)

    @OptionGroup var options: UserOptions
    @Option(help: "Only users whose name, nickname or address holds this.")
    var search: String?
    @Option(help: "The page, from 1.")
    var page = 1
    @Option(help: "How many on a page, at most 100.")
    var limit = 100

    func run() async throws {
        try await reportingFailure {
            let (accounts, _) = try options.accounts()
            var query = [QueryItem("page", "\(page)"), QueryItem("limit", "\(limit)")]
            if let search { query.append(QueryItem("search", search)) }
            let answer = try await accounts.users(UserList(queryItems: query), .secretKey).body
            if options.folder.json { return StandardOutput.json(answer) }
            UserOutput.table((answer["items"]?.arrayValue ?? []).compactMap(\.objectValue))
            let (total, pages) = (answer["pagination"]?["total"], answer["pagination"]?["totalPages"])
            StandardOutput.line("page \(page) of \(pages ?? 1), \(total ?? 0) users")
        }
    }
}
