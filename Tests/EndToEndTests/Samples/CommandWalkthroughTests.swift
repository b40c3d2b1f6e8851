import Foundation
import Testing

/// The built `bkend` and `bkend-server`, as docs/command.md has them used.
@Suite(.timeLimit(.minutes(10))) struct CommandWalkthroughTests {
    @Test("Each command of the page prints what stands there")
    func walkthrough() async throws {
        try await Walkthrough.check(SampleProcess.package.appending(path: "docs/command.md"))
    }

    @Test("The page's exit statuses are the command's")
    func statuses() throws {
        let page = SampleProcess.package.appending(path: "docs/command.md")
        let source = SampleProcess.package.appending(path: "Sources/BkendCommand/Output/CommandFailure.swift")
        let rows = try String(contentsOf: page, encoding: .utf8).matches(of: /(?m)^\| (\d+) \|/).compactMap {
            Int($0.1)
        }
        let cases = try String(contentsOf: source, encoding: .utf8).matches(of: /case \w+ = (\d+)/).compactMap {
            Int($0.1)
        }
        #expect(rows == ([0] + cases).sorted() && cases.count > 5)
    }
}
