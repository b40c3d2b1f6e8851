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

        await store.close()
        await client.shutdown()
    }
}
