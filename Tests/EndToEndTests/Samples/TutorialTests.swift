import BkendTesting
import Foundation
import Testing

/// The tutorial of the documentation (`Sources/Bkend/Bkend.docc`): its commands, with the built `groceries`.
@Suite(.timeLimit(.minutes(10))) struct TutorialTests {
    private static let catalogue = SampleProcess.package.appending(path: "Sources/Bkend/Bkend.docc")

    /// The files of the tutorial's steps, in their order.
    private static func files() throws -> [String] {
        let page = catalogue.appending(path: "Tutorials/Groceries.tutorial")
        return try String(contentsOf: page, encoding: .utf8).matches(of: /file: "([^"]+)"/).map { String($0.1) }
    }

    private static func text(_ file: String) throws -> String {
        try String(contentsOf: catalogue.appending(path: "Resources/\(file)"), encoding: .utf8)
    }

    @Test("Each command of the tutorial prints what stands there")
    func commands() async throws {
        let port = try ReservedPort()
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-tutorial-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.text("groceries-tables.json")
            .write(to: folder.appending(path: "tables.json"), atomically: true, encoding: .utf8)
        // A line that begins with # is what the command before it prints.
        var page = "```sh\nexport BKEND_SERVER=http://127.0.0.1:\(port.number)\n```\n"
        for file in try Self.files() where file.hasSuffix(".sh") {
            var isOutput: Bool?
            for line in try Self.text(file).split(separator: "\n") {
                if isOutput != line.hasPrefix("# ") {
                    page += isOutput == nil ? "" : "```\n"
                    isOutput = line.hasPrefix("# ")
                    page += isOutput == true ? "```text\n" : "```sh\n"
                }
                page += line.hasPrefix("# ") ? "\(line.dropFirst(2))\n" : "\(line)\n"
            }
            page += "```\n"
        }
        var walkthrough = Walkthrough(page)
        walkthrough.removeBlocks { $0.commands.contains { $0.hasPrefix("swift build") || $0.hasPrefix("cd ") } }
        let outputs = try await walkthrough.run(in: folder) { $0.replacing("8420", with: "\(port.number)") }
        #expect(outputs.count == walkthrough.blocks.count && outputs.count > 15)
        for (block, lines) in zip(walkthrough.blocks, outputs) {
            #expect(
                block.agrees(with: lines),
                "\(block.commands.joined(separator: "\n"))\nprinted:\n\(lines.joined(separator: "\n"))")
        }
    }
}
