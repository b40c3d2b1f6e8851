import Bkend
import ChildProcesses
import Foundation

/// A process of an app whose session lies in a file that others use as well.
///
/// `SessionProcess <url> <key> <session's file> <calls>` makes that many calls at once for each line of its standard
/// input, and answers with a line: `ok <user's id>` when the server took all of them as of one user, else what failed.
@main enum SessionProcess {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let calls = Int(arguments[4]) else {
            throw Failure(what: "SessionProcess <url> <key> <session's file> <calls>")
        }
        var options = ClientOptions()
        options.logger.logLevel = .error
        let client = try BkendClient(
            url: arguments[1], key: arguments[2], options: options, sessions: FileSessionStore(path: arguments[3]))
        for await _ in ParentProcess.orders() { try ParentProcess.say(await answer(client, calls)) }
    }

    /// What stops the process.
    struct Failure: Error { var what: String }

    private static func answer(_ client: BkendClient, _ calls: Int) async -> String {
        await withTaskGroup(of: String.self) { group in
            for _ in 0..<calls {
                group.addTask {
                    do { return "ok \(try await client.accounts.me().id)" } catch { return "failed: \(error)" }
                }
            }
            var answers: Set<String> = []
            for await answer in group { answers.insert(answer) }
            return answers.count == 1 ? answers.first ?? "no call" : "failed: \(answers.sorted())"
        }
    }
}
