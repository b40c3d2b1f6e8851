import Testing

/// A mistake that is made often, and what the compiler must say of it.
struct Mistake: Sendable, CustomTestStringConvertible {
    /// The name of the snippet's file.
    let name: String
    /// What stands in a function with `notes`, a local table, `posts`, one online, and `store`.
    let code: String
    /// What one of the errors at the snippet says.
    let says: String

    var testDescription: String { name }

    /// The snippet, with the line that is at fault as its second one.
    var source: String {
        """
        func \(name)(_ notes: LocalTable<Memo>, _ posts: RemoteTable<Memo>, _ store: LocalStore) async throws {
            \(code)
        }
        """
    }

    /// What the snippets share.
    static let model = """
        import Bkend
        import Foundation

        @Table("memos")
        struct Memo {
            var title: String
            var views = 0
            var isDone = false
            var tags: [String] = []
            var author: Writer?
            var due: Date?
        }

        @TableObject
        struct Writer { var name: String }
        """

    static let all = [
        Mistake(
            name: "typo", code: #"_ = try await notes.where { $0.titel == "x" }.fetch()"#, says: "no member 'titel'"),
        Mistake(
            name: "typoOnline", code: #"_ = try await posts.where { $0.titel == "x" }.page()"#,
            says: "no member 'titel'"),
        Mistake(
            name: "typoOfThree",
            code: #"_ = try await notes.where { $0.titel == "x" && $0.views > 3 && $0.isDone == false }.fetch()"#,
            says: "no member 'titel'"),
        Mistake(
            name: "typoOfThreeOnline",
            code: #"_ = try await posts.where { $0.titel == "x" && $0.views > 3 && $0.isDone == false }.page()"#,
            says: "no member 'titel'"),
        Mistake(
            name: "typoInAValue", code: #"_ = Memo.where { $0.views > 3 || $0.titel == "x" || $0.isDone == true }"#,
            says: "no member 'titel'"),
        Mistake(
            name: "typoInASubscription", code: #"try await store.subscribe(to: notes.where { $0.titel == "x" })"#,
            says: "no member 'titel'"),
        Mistake(
            name: "typoInAnObject", code: #"_ = try await notes.where { $0.author.nam == "Ada" }.fetch()"#,
            says: "no dynamic member 'nam'"),
        Mistake(
            name: "typoInAnOrder", code: #"_ = try await notes.order(by: \.titel).fetch()"#,
            says: "no member 'titel'"),
        Mistake(
            name: "typoInAnUpdate", code: #"try await notes.update("x") { $0.titel = "y" }"#,
            says: "no member 'titel'"),
        Mistake(name: "anotherType", code: "_ = try await notes.where { $0.title == 3 }.fetch()", says: "'Int'"),
        Mistake(
            name: "anotherTypeOfTwo", code: #"_ = try await posts.where { $0.title == "x" && $0.views > "3" }.page()"#,
            says: "'String'"),
        Mistake(
            name: "anElement", code: #"_ = try await notes.where { $0.tags == "x" }.fetch()"#, says: "'[String]'"),
        Mistake(name: "aDateAsText", code: #"_ = try await notes.where { $0.due > "2025" }.fetch()"#, says: "'Date'"),
        Mistake(
            name: "aBareFlag", code: "_ = try await notes.where { $0.isDone }.fetch()",
            says: "'Field<Bool>' conform to 'FilterConvertible'"),
        Mistake(
            name: "anAssignment", code: #"_ = try await notes.where { $0.title = "x" }.fetch()"#,
            says: "'title' is a get-only property"),
        Mistake(
            name: "notOnline", code: "_ = try await posts.where { !($0.isDone == true) }.page()",
            says: "the REST API can't express this filter"),
        Mistake(
            name: "mixedOnline",
            code: #"_ = try await posts.where { ($0.title == "a" && $0.views > 1) || $0.isDone == true }.page()"#,
            says: "the REST API can't express this filter"),
        Mistake(name: "anID", code: #"try await notes.update("x") { $0.id = "y" }"#, says: "no member 'id'"),
        Mistake(name: "anIDOnline", code: #"try await posts.update("x") { $0.id = "y" }"#, says: "no member 'id'"),
        Mistake(
            name: "anIDInATransaction",
            code: #"try await store.write { store in try store.table(Memo.self).update("x") { $0.id = "y" } }"#,
            says: "no member 'id'"),
        Mistake(
            name: "anotherTypeSet", code: #"try await notes.update("x", set: { [$0.title.set(3)] })"#, says: "'Int'"),
        Mistake(
            name: "aTextAsRecord", code: #"try await notes.create("x")"#, says: "expected argument type 'Memo'"),
    ]
}
