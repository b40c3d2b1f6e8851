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
@Suite(.serialized, .timeLimit(.minutes(10))) struct CookbookTests {
    @Test("Each command of the walkthrough prints what stands there", arguments: Cookbook.allCases)
    func walkthrough(_ cookbook: Cookbook) async throws {
        try await Walkthrough.check(cookbook.folder.appending(path: "README.md"))
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
}
