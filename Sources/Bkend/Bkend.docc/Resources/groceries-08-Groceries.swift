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
        var store = try await client.openLocalStore(at: folder)
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
        case "sign-up", "sign-in":
            let password = readLine() ?? ""
            if arguments.first == "sign-up" {
                try await client.accounts.signUp(email: text, password: password)
            } else {
                try await client.accounts.signIn(email: text, password: password)
            }
            store = try await client.openLocalStore(at: folder, replacing: store)
            print("signed in as \(text)")
        case "sync":
            try await store.subscribe(to: items)
            try await store.sync.start()
            let status = await store.sync.settled(within: .seconds(20))
            print("\(status.state): \(status.pending) waiting, \(status.failed) rejected")
        case "rejected":
            for letter in try await store.outbox.deadLetters() {
                let details = letter.failure?.details.map { "\($0.field): \($0.message)" } ?? []
                print("\(letter.fields["name"]?.stringValue ?? ""): \(details.joined(separator: ", "))")
            }
        case "rename":
            for letter in try await store.outbox.deadLetters() {
                try await store.outbox.edit(letter.id, set: ["name": .string(text)])
                try await store.outbox.retry(letter.id)
            }
        case "watch":
            try await store.subscribe(to: items)
            try await store.sync.start()
            for await snapshot in items.where({ $0.isBought == false }).order(by: \.name).live() {
                print("-- to buy: \(snapshot.records.count)")
                for item in snapshot.records { print(line(item)) }
                if text == "once" { break }
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
