import Foundation
import Testing

/// The four cookbooks' apps, as their READMEs have them used.
enum Cookbook: String, CaseIterable, CustomTestStringConvertible {
    case blog = "Blog"
    case social = "SocialNetwork"
    case recipes = "RecipeApp"
    case mall = "ShoppingMall"

    var testDescription: String { rawValue }
    var folder: URL { SampleProcess.package.appending(path: "Samples/\(rawValue)") }
}

// One at a time: each starts a server and dozens of processes.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CookbookTests {
    @Test("Each command of the walkthrough prints what stands there", arguments: Cookbook.allCases)
    func walkthrough(_ cookbook: Cookbook) async throws {
        let port = try ReservedPort()
        try await Self.withFolder { folder in
            try FileManager.default.createSymbolicLink(
                at: folder.appending(path: "Samples"),
                withDestinationURL: SampleProcess.package.appending(path: "Samples"))
            let page = cookbook.folder.appending(path: "README.md")
            var walkthrough = Walkthrough(try String(contentsOf: page, encoding: .utf8))
            // Built it is already.
            walkthrough.removeBlocks { $0.commands.contains { $0.hasPrefix("swift build") } }
            let outputs = try await walkthrough.run(in: folder) { $0.replacing("8420", with: "\(port.number)") }
            #expect(outputs.count == walkthrough.blocks.count && outputs.count > 5)
            for (block, lines) in zip(walkthrough.blocks, outputs) {
                #expect(
                    block.agrees(with: lines),
                    "\(block.commands.joined(separator: "\n"))\nprinted:\n\(lines.joined(separator: "\n"))")
            }
        }
    }

    @Test("The models are what the command writes for the tables", arguments: Cookbook.allCases)
    func models(_ cookbook: Cookbook) async throws {
        let check = try await SampleProcess.run(
            "bkend",
            [
                "generate", "swift", "--tables", cookbook.folder.appending(path: "tables.json").path, "--output",
                cookbook.folder.appending(path: "Models.swift").path, "--check",
            ])
        #expect(check.status == 0, "\(check.output)")
    }

    private static func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-cookbook-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }
}
