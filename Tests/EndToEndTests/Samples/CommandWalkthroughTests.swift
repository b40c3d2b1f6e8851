import Foundation
import Testing

/// The built `bkend` and `bkend-server`, as docs/command.md has them used.
@Suite(.timeLimit(.minutes(3))) struct CommandWalkthroughTests {
    @Test("Each command of the page prints what stands there")
    func walkthrough() async throws {
        let port = try ReservedPort()
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-command-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let page = SampleProcess.package.appending(path: "docs/command.md")
        let walkthrough = Walkthrough(try String(contentsOf: page, encoding: .utf8))
        let outputs = try await walkthrough.run(in: folder) { $0.replacing("8420", with: "\(port.number)") }
        #expect(outputs.count == walkthrough.blocks.count && outputs.count > 5)
        for (block, lines) in zip(walkthrough.blocks, outputs) {
            #expect(
                block.agrees(with: lines),
                "\(block.commands.joined(separator: "\n"))\nprinted:\n\(lines.joined(separator: "\n"))")
        }
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
