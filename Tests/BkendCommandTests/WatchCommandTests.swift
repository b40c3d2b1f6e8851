import BkendWire
import ChildProcesses
import Foundation
import Testing

/// `bkend watch` as a process, while others write.
@Suite("The command watches a table", .timeLimit(.minutes(10)))
struct WatchCommandTests {
    /// A running `bkend watch`.
    private struct Watching: Sendable {
        let child: ChildProcess

        init(_ desk: CommandTests.Desk, _ arguments: String...) throws {
            let temporary = desk.home + "/tmp"
            try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
            child = try ChildProcess(
                ChildProcess.built("bkend"), ["watch"] + arguments + ["--interval", "0.2"], errors: .pipe,
                environment: [
                    "HOME": desk.home, "TMPDIR": temporary, "SWIFT_BACKTRACE": "enable=no",
                    "BKEND_SERVER": desk.server.url, "BKEND_KEY": desk.server.publishableKey,
                ])
        }

        /// The next line of its output; nil at its end.
        func line() async -> String? {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(returning: child.line()) }
            }
        }

        /// Asks it to end; its exit status and what it said.
        func end() async -> (status: Int32, errors: String) {
            kill(child.pid, SIGINT)
            return await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    let errors = ChildProcess.everything(from: child.errors)
                    continuation.resume(returning: (child.ending().code, errors))
                }
            }
        }
    }

    @Test("What is there is shown, then each change; the end leaves nothing behind")
    func changes() async throws {
        try await CommandTests.Desk.run { desk in
            try await desk.signIn()
            _ = try await desk.bkend("create", "articles", #"{"title": "There", "views": 10}"#)
            _ = try await desk.bkend("create", "articles", #"{"title": "Hidden", "views": 1}"#)
            let watching = try Watching(
                desk, "articles", "--where", "views >= 5", "--select", "title,views", "--sort", "title")
            #expect(await watching.line() == "  title  views")
            #expect(await watching.line() == "+ There     10")
            let made = try await desk.bkend("create", "articles", #"{"title": "New", "views": 5}"#, "--json")
            #expect(await watching.line() == "+ New        5")
            let id = try #require(made.json().first?["id"]?.stringValue)
            _ = try await desk.bkend("update", "articles", id, #"{"views": 7}"#)
            #expect(await watching.line() == "~ New        7")
            _ = try await desk.bkend("update", "articles", id, #"{"views": 2}"#)
            #expect(await watching.line() == "- New        7")
            let ending = await watching.end()
            #expect(ending.status == 0 && ending.errors.isEmpty, "\(ending)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: desk.home + "/tmp") == [])
        }
    }

    @Test("A table that isn't there is told, and the command goes on; a filter that can't be kept is refused")
    func refusals() async throws {
        try await CommandTests.Desk.run { desk in
            let nested = try await desk.bkend(
                "watch", "articles", "--where", "(views > 1 or views < 0) and (title = \"a\" or title = \"b\")")
            #expect(nested.status == 64, "\(nested)")
            #expect(try await desk.bkend("watch", "articles", "--search", "x").status == 64)
            let watching = try Watching(desk, "nothing")
            let told = await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    var line: [UInt8] = []
                    var byte: UInt8 = 0
                    while read(watching.child.errors, &byte, 1) == 1, byte != 10 { line.append(byte) }
                    continuation.resume(returning: String(decoding: line, as: UTF8.self))
                }
            }
            #expect(told.contains("table-not-found") || told.contains("nothing"), "\(told)")
            #expect(await watching.end().status == 0)
        }
    }
}
