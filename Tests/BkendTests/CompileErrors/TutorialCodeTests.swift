#if Macros
import Foundation
import SnippetCompiler
import Testing

/// The code of the tutorial in `Sources/Bkend/Bkend.docc`, step by step.
@Suite(.enabled(if: Snippets.compiler != nil && Snippets.debug != nil, "swiftc and the built modules are needed"))
struct TutorialCodeTests {
    private static let resources = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources/Bkend/Bkend.docc/Resources").standardized

    private static var programs: [String] {
        let files = try? FileManager.default.contentsOfDirectory(atPath: resources.path)
        return (files ?? []).filter { $0.hasSuffix("-Groceries.swift") }.sorted()
    }

    private static func text(_ file: String) throws -> String {
        try String(contentsOf: resources.appending(path: file), encoding: .utf8)
    }

    @Test("The program compiles after each step of the tutorial", arguments: programs)
    func step(_ file: String) async throws {
        let sources = ["Groceries.swift": try Self.text(file), "Item.swift": try Self.text("groceries-02-Item.swift")]
        #expect(try await Snippets.check(sources, withLines: true) == [:])
    }

    @Test("Each step leaves what is there, but for `let` and `var`, and adds something")
    func growing() throws {
        let steps = try Self.programs.map {
            try Self.text($0).replacing("        var store", with: "        let store").split(separator: "\n")
        }
        #expect(steps.count > 4)
        for (before, after) in zip(steps, steps.dropFirst()) {
            #expect(after.count > before.count)
            var rest = after[...]
            for line in before {
                guard let index = rest.firstIndex(of: line) else {
                    Issue.record("a step takes away: \(line)")
                    return
                }
                rest = rest[(index + 1)...]
            }
        }
    }
}
#endif
