#if Macros
import Foundation
import SnippetCompiler
import Testing

/// What the compiler says of mistakes in code that uses this package: at the right place, in its user's words, and soon.
///
/// The snippets are checked by the compiler itself against the modules that this test was built with.
@Suite(.enabled(if: Snippets.compiler != nil && Snippets.debug != nil, "swiftc and the built modules are needed"))
struct CompileErrorTests {
    @Test("Each mistake is told by its name, none by another library's types, and none makes the compiler give up")
    func mistakes() async throws {
        var sources = ["Model.swift": Mistake.model, "fine.swift": Self.fine]
        for mistake in Mistake.all { sources["\(mistake.name).swift"] = "import Bkend\n" + mistake.source }
        let errors = try await Snippets.check(sources)
        #expect(errors["Model.swift"] == nil && errors["fine.swift"] == nil)
        for mistake in Mistake.all {
            let told = errors["\(mistake.name).swift"] ?? []
            #expect(told.contains { $0.contains(mistake.says) }, "\(mistake.name): \(told)")
        }
        let all = errors.values.flatMap(\.self)
        for words in [
            "GRDB", "SQL", "failed to produce diagnostic", "reasonable time", "BkendSync.", "BkendDocuments.",
        ] {
            #expect(all.filter { $0.contains(words) } == [], "\(words)")
        }
    }

    @Test("A member that isn't Codable is told at its property")
    func notCodable() async throws {
        let source = """
            import Bkend

            struct Colour {}

            @Table("notes")
            struct Note {
                var title: String
                var other = 3
                var colour: Colour
                var colours: [String: [Colour]] = [:]
            }
            """
        let errors = try await Snippets.check(["Note.swift": source], withLines: true)["Note.swift"] ?? []
        #expect(errors.contains { $0.hasPrefix("9: ") && $0.contains("Colour") }, "\(errors)")
        #expect(errors.contains { $0.hasPrefix("10: ") && $0.contains("Colour") }, "\(errors)")
        #expect(errors.allSatisfy { $0.hasPrefix("9: ") || $0.hasPrefix("10: ") }, "\(errors)")
    }

    private static let fine = """
        import Bkend

        func fine(_ notes: LocalTable<Memo>, _ posts: RemoteTable<Memo>, _ store: LocalStore) async throws {
            let simple = posts.where { $0.title == "x" && $0.views > 3 && ($0.isDone == true || $0.tags.contains("a")) }
            _ = try await simple.order(by: \\.createdAt, .descending).page(1, limit: 20)
            _ = try await notes.where { !($0.isDone == true) || $0.author.name == "Ada" }.order(byPath: "title").fetch()
            let built: Condition = Memo.fields.title == "x"
            _ = try await notes.filter(built).filter(Memo.fields.views > 3).count()
            _ = try await posts.filter(built).count()
            try await notes.update("x", set: { [$0.title.set("y")] })
            try await posts.update("x", set: { [$0.title.set("y"), $0.due.set(nil)] })
            try await notes.update("x") { $0.title = "y" }
            _ = try await posts.select(\\.title, \\.views).page()
            var options = SyncOptions()
            options.conflicts = .merge { $0.theirs ?? $0.mine }
            options.conflicts = .mergeRecord { $0.theirs }
            options.conflicts = .mergeRecord { before, mine, theirs in before == theirs ? mine : theirs }
        }
        """
}
#endif
