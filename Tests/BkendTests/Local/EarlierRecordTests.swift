import BkendSync
import BkendWire
import Testing

@testable import Bkend

/// Writes on a record that was read earlier: a form's, for example.
@Suite(.timeLimit(.minutes(10))) struct EarlierRecordTests {
    /// A row of the server's with a later stamp.
    private func later(_ fields: String) -> String {
        recordText("s1", fields).replacing("2025-01-09T12:30:00.250Z", with: "2025-01-09T12:31:00.000Z")
    }

    @Test("Saving a form writes what was edited in it alone; what another device changed meanwhile stays")
    func form() async throws {
        let fixture = try LocalFixture()
        try await fixture.receive(recordText("s1", #""title":"Dune","pages":400"#))
        let shown = try #require(try await fixture.books.get("s1"))
        try await fixture.receive(later(#""title":"Dune","pages":412"#))
        var edited = shown.model
        edited.title = "Dune Messiah"
        let saved = try await fixture.books.update(shown) { $0 = edited }
        #expect(saved.title == "Dune Messiah" && saved.pages == 412)
        let entry = try #require(try await fixture.store.outbox.entries().first)
        #expect(entry.fields == ["title": "Dune Messiah"] && entry.before == ["title": "Dune"])
    }

    @Test("A field that was edited and has changed elsewhere has the form's value as its before-image")
    func sameField() async throws {
        let fixture = try LocalFixture()
        try await fixture.receive(recordText("s1", #""title":"Dune","pages":400"#))
        let shown = try #require(try await fixture.books.get("s1"))
        try await fixture.receive(later(#""title":"Emma","pages":400,"isbn":"1""#))
        try await fixture.store.write { store in
            try store.table(Book.self).update(shown) {
                $0.title = "Dune Messiah"
                $0.isbn = "2"
            }
        }
        let entry = try #require(try await fixture.store.outbox.entries().first)
        #expect(entry.fields == ["title": "Dune Messiah", "isbn": "2"])
        // Another device set the ISBN, which the form didn't have: no image, so that it is a conflict too.
        #expect(entry.before == ["title": "Dune"])
        let theirs: JSONObject = ["title": "Emma", "isbn": "1"]
        let plan = UpdatePlan(entry, theirs: theirs, policy: .serverWins, merge: FieldMerge.decide)
        #expect(plan.conflicts.map(\.conflict.field) == ["title", "isbn"] && plan.fields.isEmpty)
    }

    @Test(
        "A form that says what is there already, or that changed nothing, writes nothing; one of a gone record throws")
    func nothing() async throws {
        let fixture = try LocalFixture()
        try await fixture.receive(recordText("s1", #""title":"Dune","pages":400"#))
        let shown = try #require(try await fixture.books.get("s1"))
        try await fixture.receive(later(#""title":"Emma","pages":400"#))
        #expect(try await fixture.books.update(shown) { $0.title = "Emma" }.title == "Emma")
        #expect(try await fixture.books.update(shown) { $0.pages = 400 }.title == "Emma")
        #expect(try await fixture.store.outbox.entries().isEmpty)
        try await fixture.books.delete("s1")
        #expect(await refusal { _ = try await fixture.books.update(shown) { $0.pages = 1 } } == .noSuchRecord)
        #expect(await refusal { _ = try await fixture.books.update(shown) { _ in } } == .noSuchRecord)
    }

    @Test(
        "What this device wrote meanwhile is no conflict: a waiting write keeps its own before-image",
        arguments: [true, false])
    func ownWrites(folds: Bool) async throws {
        let fixture = try LocalFixture()
        if folds { try await fixture.allowFolding() }
        try await fixture.receive(recordText("s1", #""title":"Dune","pages":400"#))
        let shown = try #require(try await fixture.books.get("s1"))
        try await fixture.books.update("s1") { $0.title = "Second" }
        let saved = try await fixture.books.update(shown) {
            $0.title = "Third"
            $0.pages = 1
        }
        #expect(saved.title == "Third" && saved.pages == 1)
        let entries = try await fixture.store.outbox.entries()
        #expect(
            entries.map(\.fields)
                == (folds ? [["title": "Third", "pages": 1]] : [["title": "Second"], ["title": "Third", "pages": 1]]))
        #expect(
            entries.map(\.before)
                == (folds
                    ? [["title": "Dune", "pages": 400]] : [["title": "Dune"], ["title": "Second", "pages": 400]]))
    }

    @Test(
        "A record as it was created is good for an update when the server has it: defaults of the server's are no change"
    )
    func created() async throws {
        let fixture = try LocalFixture()
        let other = try await fixture.books.create(Book(title: "Other"))
        let draft = try await fixture.books.create(Book(title: "Dune", extra: .string(other.id)))
        try await fixture.confirmCreate(other.id, as: "s2")
        try await fixture.confirmCreate(draft.id, as: "s1")
        try await fixture.receive(later(#""title":"Dune","isbn":"by default","extra":"s2","tags":[],"status":"draft""#))
        try await fixture.books.update(draft) {
            $0.isbn = "mine"
            $0.extra = "none"
        }
        let entry = try #require(try await fixture.store.outbox.entries().first)
        #expect(entry.record == "s1" && entry.before == ["isbn": "by default", "extra": "s2"])
    }

    @Test("Deleting a record by one that was read earlier has what was read as its before-image")
    func deleting() async throws {
        let fixture = try LocalFixture()
        try await fixture.receive(recordText("s1", #""title":"Dune","pages":400"#))
        let shown = try #require(try await fixture.books.get("s1"))
        try await fixture.receive(later(#""title":"Emma","pages":400,"isbn":"1""#))
        try await fixture.books.delete(shown)
        let entry = try #require(try await fixture.store.outbox.entries().first)
        #expect(entry.kind == .delete && entry.before == ["title": "Dune", "pages": 400])
        let theirs: JSONObject = ["title": "Emma", "pages": 400, "isbn": "1"]
        #expect(DeletePlan.changes(entry, theirs: theirs).map(\.field) == ["title"])
    }
}
