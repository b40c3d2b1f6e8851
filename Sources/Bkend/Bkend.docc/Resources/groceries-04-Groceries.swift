import Bkend
import Foundation

@main
struct Groceries {
    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let folder = URL(filePath: environment["DEVICE"] ?? "phone")
        let sessions = try FileSessionStore(path: folder.path + "/session.json")
        var options = ClientOptions()
        options.logger.logLevel = .error
        let url = environment["BKEND_SERVER"] ?? "http://127.0.0.1:8420"
        let key = environment["KEY"] ?? ""
        let client = try BkendClient(url: url, key: key, options: options, sessions: sessions)
        let store = try await client.openLocalStore(at: folder)
        let items = store.table(Item.self)
        let arguments = CommandLine.arguments.dropFirst()
        let text = arguments.dropFirst().joined(separator: " ")

        switch arguments.first {
        case "add":
            let item = try await items.create(Item(name: text))
            print("added \(item.name)")
        case "bought":
            for item in try await items.where({ $0.name == text }).fetch() {
                try await items.update(item.id) { $0.isBought = true }
            }
        default:
            for item in try await items.order(by: \.name).fetch() { print(line(item)) }
        }
        await store.close()
        await client.shutdown()
    }

    static func line(_ item: Record<Item>) -> String {
        "[\(item.isBought ? "x" : " ")] \(item.name), \(item.syncState)"
    }
}
