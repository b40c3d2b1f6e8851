import Bkend
import Foundation
import HTTPTypes

// The examples in the comments of public symbols, line by line: `make lint` checks that each of their lines is in a
// program. What they do is tested elsewhere; here they compile.

private let (serverURL, url, key) = ("https://api.example.com", "https://api.example.com", "pk_…")
private let (path, folder) = ("session.json", FileManager.default.temporaryDirectory)
private let (email, password, id) = ("ada@example.com", "correct horse 1", "677e")
private func hint(_ text: String) {}
private let reachability = AsyncStream<Bool> { $0.finish() }
private func isSure(_ question: String) -> Bool { true }
private func isYours(_ writes: Int, _ lastWrite: Date?) -> Bool { true }
private func show(_ state: SyncStatus.State, _ pending: Int, _ failed: Int) {}
private func show(_ text: String) {}
private func render(_ lines: [String], _ changes: SnapshotChanges) {}
private func render<Model>(_ records: [Record<Model>]) {}
private func render<Model>(_ snapshot: Snapshot<Model>) {}

private enum ByHand {
    struct Author: TableObject {
        var name: String

        struct Fields: FieldSet {
            let fieldPrefix: String
            var name: Field<String> { field("name") }
        }
    }

    struct Article: Table {
        static let tableName = "articles"
        static let fieldNames = ["title", "views"]
        var title: String
        var views: Int?

        struct Fields: TableFields {
            let fieldPrefix: String
            var title: Field<String> { field("title") }
            var views: Field<Int?> { field("views") }
        }
    }
}

private enum ByMacro {
    @Table("articles")
    struct Article {
        var title: String
        var isPublished = false
        var tags: [String] = []
        @Column("body") var content: String?
    }
}

private enum References {
    @Table("comments")
    struct Comment {
        var article: Reference<Article>
        var text: String
    }

    @Table("tags")
    struct Tag {
        var name: String
        var slug: String
    }

    static func online(
        _ articles: RemoteTable<Article>, _ comments: RemoteTable<Comment>, _ tags: RemoteTable<Tag>, _ id: String
    ) async throws {
        let article = try await articles.get(id)
        do {
            let comment = try await comments.create(Comment(article: Reference(article), text: "Well said"))
            let about = try await articles.get(comment.article)
            print(about)
        }
        let page = try await comments.order(by: \.createdAt, .descending).page()
        let about = try await articles.get(page.records.map(\.article))
        let tag = try await tags.upsert(Tag(name: "Swift", slug: "swift"), by: \.slug)
        print(about, tag)
    }

    static func local(_ articles: LocalTable<Article>, _ comments: LocalTable<Comment>) async throws {
        let written = try await comments.order(by: \.createdAt).limit(20).fetch()
        let about = try await articles.get(written.map(\.article))
        for comment in written { show("\(about[comment.article]?.title ?? "deleted"): \(comment.text)") }
    }
}

/// What is observed, and many records at once.
private enum Observing {
    @MainActor final class Screen {
        let notes: LiveValue<Snapshot<Note>>
        let open: LiveValue<Int>

        init(_ store: LocalStore) {
            let table = store.table(Note.self)
            notes = LiveValue(table.order(by: \.createdAt).live())
            open = LiveValue(table.where { $0.isDone == false }.liveCount())
        }

        var title: String { "\(open.value ?? 0) to do" }
    }

    static func local(_ store: LocalStore, _ notes: LocalTable<Note>) async throws {
        for try await note in notes.live(id) { show(note?.text ?? "deleted") }
        for try await newest in notes.order(by: \.createdAt, .descending).liveFirst() { show(newest?.text ?? "") }
        for try await open in notes.where({ $0.isDone == false }).liveCount() { show("\(open) to do") }
        let result = try await notes.where { $0.text.contains("milk") }.updateAll { $0.isDone = true }
        try await notes.where { $0.isDone == true }.order(by: \.updatedAt).deleteAll(limit: 100)
        let note = try await notes.download(id)
        try await store.subscribe(to: notes.where { $0.id == id })
        print(result, note)
    }

    static func online(_ posts: RemoteTable<Post>) async throws {
        do {
            let result = try await posts.where { $0.tags.contains("old") }.updateAll { $0.isPublished = false }
            print(result)
        }
        let result = try await posts.where { $0.isPublished == false }.deleteAll(limit: 500)
        if !result.isComplete { hint("\(result.done.count) were deleted, \(result.failed.count) could not be") }
    }
}

struct RecordedTransport: HTTPTransport {
    var answers: [String: String]

    func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        guard let answer = answers[request.head.path ?? ""] else {
            throw TransportError(kind: .cannotConnect, delivery: .notSent, reason: "no answer was recorded")
        }
        let head = HTTPResponse(status: .ok, headerFields: [.contentType: "application/json"])
        return TransportResponse(head: head, bytes: Array(answer.utf8))
    }

    func shutdown() async {}
}

/// A client's calls.
private func online(_ posts: RemoteTable<Post>, _ articles: RemoteTable<Article>) async throws {
    var (problems, seen): ([String], [String]) = ([], [])
    do {
        let client = try BkendClient(url: "https://api.example.com", key: "pk_…")
        let articles = client.table(Article.self)
        let newest = try await articles.where { $0.isPublished == true }.order(by: \.createdAt, .descending).page(1)
        let posts = client.table(Post.self)
        let untyped = client.table("articles")
        let record = try await untyped.create(["title": "Plain", "mood": "calm"])
        let recent = Article.where { $0.isPublished == true }.order(by: \.createdAt, .descending)
        let page = try await client.table(Article.self).matching(recent).page(1)
        print(newest, posts, record, page)
    }
    do {
        let draft = try await articles.create(Article(title: "Hello", content: "…"))
        try await articles.update(draft) { $0.title = "Hello, world" }
        let article = try await articles.get(id)
        print(article.title, article.createdAt)
        let popular = articles.where { $0.views > 100 && $0.author.name == "Ada" }
        for try await article in articles.where({ $0.isPublished == true }).all() { print(article.title) }
        print(popular)
    }
    do {
        let draft = try await posts.create(Post(title: "Offline", tags: ["sync"]))
        let many = try await posts.createAll([Post(title: "One"), Post(title: "Two")])
        let again = try await posts.update(draft.id) { $0.views += 1 }
        try await posts.update(draft.id, set: { [$0.isPublished.set(true), $0.publishedOn.set(nil)] })
        let count = try await posts.where { $0.views >= 10 && $0.views < 100 }.count()
        for try await post in posts.where({ $0.views.isIn([0, 1, 2]) }).all() { seen.append(post.title) }
        print(many, again, count)
    }
    do {
        let page = try await posts.order(by: \.createdAt, .descending).select(PostTitle.self).page()
        let titles = try await posts.select(PostTitle.self).page()
        let bare = try await posts.select(\.title, \.views).page()
        print(page, titles, bare)
    }
    do {
        let found = try await posts.search("offline").page()
        print(found)
    }
    do {
        let found = try await posts.where { $0.title.matches("^off", .caseInsensitive) }.page()
        let page = try await posts.where { $0.isPublished == true }.page(1, limit: 20)
        print(page.records.count, "of", page.pagination.total)
        print(found)
    }
    do throws(BkendError) {
        try await posts.create(Post(title: ""))
    } catch {
        switch error.reason {
        case .server(let body): problems = body.details.map { "\($0.field): \($0.message)" }
        case .transport(let failure): problems = [failure.reason]
        default: problems = ["\(error)"]
        }
        if error.code == .duplicateValue { hint("That name is taken") }
    }
    print(problems)
}

/// Options and accounts.
private func accounts(_ app: BkendClient, _ session: Session) async throws {
    do {
        let client = try BkendClient(url: url, key: key, sessions: try FileSessionStore(path: path))
        try await client.accounts.signIn(email: "ada@example.com", password: password)
        try await client.table(Note.self).create(Note(text: "Mine"))  // as Ada
        for await change in client.accounts.changes { print(change) }
        let outcome = try await client.accounts.signOut()
        if !outcome.isServerTold { hint("Your other devices can end this session: its tokens were only removed here") }
    }
    do {
        let sessions = try FileSessionStore(path: folder.path + "/session.json")
        let client = try BkendClient(url: serverURL, key: key, sessions: sessions)
        let ada = try await app.accounts.signUp(email: "ada@example.com", password: "correct horse 1", name: "Ada")
        print(client, ada)
    }
    do {
        let data = try JSONEncoder().encode(session)
        let session = try JSONDecoder().decode(Session.self, from: data)
        print(session)
    }
    do {
        var options = ClientOptions(deadline: .seconds(20), headers: ["X-App-Version": "2.1"])
        options.plainHTTP = .everywhere
        print(options)
    }
    do {
        let options = CallOptions(deadline: .seconds(30), retry: .never, headers: ["X-Request-Id": "checkout-17"])
        let patient = RetryPolicy(maximumAttempts: 8, maximumDelay: .seconds(60))
        print(options, patient)
    }
    do {
        let tables: JSON = ["tables": [["name": "notes", "searchIndex": true]]]
        let name = tables["tables"]?[0]?["name"]?.stringValue
        var fields: JSONObject = ["title": "Plain", "views": 3]
        fields["mood"] = "calm"
        print(name ?? "", fields)
    }
}

/// A local store's calls.
private func local(_ client: BkendClient, _ notes: LocalTable<Note>) async throws {
    var failed = 0
    do {
        let store = try await client.openLocalStore(at: folder)
        try await store.subscribe(to: store.table(Note.self))
        let articles = store.table(Article.self)
        let draft = try await articles.create(Article(title: "Offline", content: "…"))
        for await snapshot in articles.order(by: \.title).live() { render(snapshot) }
        for await snapshot in articles.order(by: \.title).limit(20).live() { render(snapshot) }
        let open = try await articles.where { !($0.isPublished == true) || $0.author.name == "Ada" }.fetch()
        try await articles.index(by: \.slug, \.createdAt)
        let newest = articles.where { $0.slug == "news" }.order(by: \.createdAt, .descending).limit(20)
        try await store.subscribe(to: articles.where { $0.isPublished == true })
        try await store.subscribe(to: store.table(Note.self), conflicts: .serverWins)
        try await store.sync.start()
        for await status in store.sync.statuses { show(status.state, status.pending, status.failed) }
        let status = await store.sync.settled(within: .seconds(25))
        await store.close()
        print(draft, open, newest, status)
    }
    do {
        let note = try await notes.create(Note(text: "Written in a tunnel"))
        try await notes.update(note.id) { $0.isDone = true }
        let edited = note.model
        let shown = try await notes.get(id)  // a form shows it
        guard let shown else { return }
        try await notes.update(shown) { $0 = edited }  // writes only what was edited
        let result = try await notes.where { $0.isDone == false }.fetch()
        if result.completeness == .partial { hint("More notes may come with the next sync") }
        let newest = notes.order(by: \.createdAt, .descending)
        let confirmed = try await notes.create(Note(text: "Ordered")).confirmed()
        print(newest, confirmed)
        for await snapshot in notes.order(by: \.createdAt).live() { render(snapshot.records) }
        for await snapshot in notes.order(by: \.createdAt).live() {
            render(snapshot.records.map { "\($0.text) \(badge($0.syncState))" }, snapshot.changes)
        }
    }
    do {
        let store = try await client.openLocalStore(at: folder)
        let notes = store.table(Note.self)
        print(notes)
        try await store.write { store in
            let list = try store.table("lists").create(["name": "Groceries"])
            try store.table("items").create(["list": .string(list.id), "name": "Milk"])
        }
        try await store.write { store in
            let notes = store.table(Note.self)
            for note in try notes.where({ $0.isDone == true }).fetch() { try notes.delete(note) }
        }
        for entry in try await store.outbox.deadLetters() {
            print(entry.table, entry.record, entry.failure?.message ?? "", entry.advice ?? "")
            try await store.outbox.edit(entry.id, set: ["title": "Mended"])
            try await store.outbox.retry(entry.id)
        }
        for try await counts in store.outbox.changes { failed = counts.failed }
        if try await store.usedBytes() > 200 << 20 { try await store.evict(toFit: 150 << 20) }
        let left = try await store.outbox.counts().total
        if left == 0 || isSure("\(left) changes are lost") { try await store.wipe(discardingOutbox: true) }
        var options = SyncOptions()
        options.conflicts = .serverWins
        options.shortestPoll = .seconds(2)
        try await store.sync.start(options)
        for await isReachable in reachability { await store.sync.networkChanged(isReachable: isReachable) }
    }
    print(failed)
}

/// Guests.
private func guests(_ client: BkendClient) async throws {
    do {
        let guest = try await client.openLocalStore(at: folder)
        try await guest.table(Note.self).create(Note(text: "Before there was an account"))
        try await client.accounts.signUp(email: email, password: password)
        try await guest.takeOver()
    }
    do {
        let guest = try await client.openLocalStore(at: folder)
        let store = try await client.openLocalStore(at: folder)
        try await guest.takeOver(into: store)
        await guest.close()
        for left in try await client.leftGuestStores(at: folder) {
            if isYours(left.writes, left.lastWrite) { try await store.takeOver(left) }
        }
    }
    do {
        var store = try await client.openLocalStore(at: folder)
        try await client.accounts.signUp(email: email, password: password)
        store = try await client.openLocalStore(at: folder, replacing: store)
        print(store)
    }
}

private enum Reports {
    static func ask(_ record: String, _ field: String, _ mine: JSON, _ theirs: JSON?) {}
    static func tell(_ text: String) {}
    static func log(_ kind: String, _ detail: JSONObject) {}

    static func read(_ report: StoreReport) {
        switch report.content {
        case .conflict(let field, _, let mine, let theirs, _): ask(report.record, field, mine, theirs)
        case .deletedElsewhere(_, isRecreated: false): tell("\(report.record) was deleted on another device")
        default: log(report.kind, report.detail)
        }
    }
}
