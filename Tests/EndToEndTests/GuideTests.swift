import Bkend
import BkendTesting
import Foundation
import Testing

// The code of docs/guide.md and README.md, line by line; `make lint` checks that they are the same.

@Table("articles")
struct Post: Equatable {
    var title: String
    var content = ""
    var author: Writer?
    var isPublished = false
    var views = 0
    var tags: [String] = []
    @Column("published_on") var publishedOn: Date?
}

@TableObject
struct Writer: Equatable {
    var name: String
    var city: String?
}

@Table("articles")
struct PostTitle {
    var title: String
}

@Table("comments")
struct Comment: Equatable {
    var post: Reference<Post>
    var text: String
}

@Suite struct GuideTests {
    private func run(_ body: (RemoteTable<Post>, BkendClient) async throws -> Void) async throws {
        try await Fixture.run { fixture in
            let (serverURL, key) = (fixture.server.url, fixture.server.secretKey)
            let client = try BkendClient(url: serverURL, key: key)
            let posts = client.table(Post.self)
            try await body(posts, client)
            await client.shutdown()
        }
    }

    @Test("The guide's writes do what it says")
    func writing() async throws {
        try await run { posts, _ in
            let draft = try await posts.create(Post(title: "Offline", tags: ["sync"]))
            let many = try await posts.createAll([Post(title: "One"), Post(title: "Two")])
            let renamed = try await posts.update(draft) { $0.title = "Still offline" }
            let again = try await posts.update(draft.id) { $0.views += 1 }
            try await posts.update(draft.id, set: { [$0.isPublished.set(true), $0.publishedOn.set(nil)] })
            try await posts.delete(many[0])
            #expect(renamed.title == "Still offline" && again.views == 1)
            let last = try await posts.get(draft.id)
            #expect(last.isPublished && last.json["published_on"] == .null)
            #expect(try await posts.count() == 2)
        }
    }

    @Test("The guide's changes of many records, and of one by its value")
    func many() async throws {
        try await run { posts, _ in
            try await posts.createAll([
                Post(title: "One", isPublished: true), Post(title: "Two", isPublished: true, views: 3),
                Post(title: "Three"),
            ])
            let updated = try await posts.where { $0.views == 0 }.updateAll { $0.tags.append("new") }
            let deleted = try await posts.where { $0.isPublished == false }.deleteAll(limit: 500)
            let one = try await posts.upsert(Post(title: "Two", content: "Again"), by: \.title)
            #expect(updated.isComplete && updated.done.count == 2 && deleted.isComplete && deleted.done.count == 1)
            #expect(one.content == "Again" && one.views == 0)
            #expect(try await posts.order(by: \.title).page().records.map(\.tags) == [["new"], []])
        }
    }

    @Test("The guide's references lead to their records")
    func references() async throws {
        try await run { posts, client in
            let comments = client.table(Comment.self)
            var shown: [[String]] = []
            func show(_ title: String, _ text: String) { shown.append([title, text]) }
            let post = try await posts.create(Post(title: "References"))
            let comment = try await comments.create(Comment(post: Reference(post), text: "Well said"))
            let about = try await posts.get(comment.post)
            let latest = try await comments.where { $0.post == Reference(post) }.page()
            let discussed = try await posts.get(latest.records.map(\.post))
            for comment in latest.records { show(discussed[comment.post]?.title ?? "deleted", comment.text) }
            #expect(about == post && shown == [["References", "Well said"]])
        }
    }

    @Test("The guide's queries find what it says")
    func asking() async throws {
        try await run { posts, _ in
            var seen: [String] = []
            try await posts.createAll([
                Post(title: "Offline", author: Writer(name: "Ada"), isPublished: true, views: 2, tags: ["sync"]),
                Post(title: "One", views: 20),
            ])
            let page =
                try await posts
                .where { $0.isPublished == true && $0.tags.contains("sync") }
                .order(by: \.createdAt, .descending)
                .page(1, limit: 20)
            let count = try await posts.where { $0.views >= 10 && $0.views < 100 }.count()
            let either = try await posts.where { $0.author.name == "Ada" || $0.title == "One" }.first()
            let found = try await posts.search("offline").page()
            for try await post in posts.where({ $0.views.isIn([0, 1, 2]) }).all() { seen.append(post.title) }
            #expect(page.records.map(\.title) == ["Offline"] && count == 1 && either != nil)
            #expect(found.pagination.total == 1 && seen == ["Offline"])
            let titles = try await posts.select(PostTitle.self).page()
            let bare = try await posts.select(\.title, \.views).page()
            #expect(titles.records.count == 2 && bare.records.allSatisfy { $0["views"] != nil && $0["tags"] == nil })
        }
    }

    @Test("The guide's query is followed")
    func following() async throws {
        try await run { posts, _ in
            try await posts.create(Post(title: "Old", isPublished: true))
            var shown: [String] = []
            var removed: [String] = []
            func show(_ post: Record<Post>) { shown.append(post.title) }
            func update(_ records: [Record<Post>], removing ids: [String]) {
                shown += records.map(\.title)
                removed += ids
            }
            func write() async throws {
                let post = try await posts.create(Post(title: "New", isPublished: true))
                try await posts.delete(post.id)
            }
            let published = posts.where { $0.isPublished == true }
            var cursor: ChangeCursor?
            for try await changes in published.changes(since: cursor) {
                if cursor == nil { for try await post in published.all() { show(post) } }
                update(changes.records, removing: changes.removed.map(\.id))
                if cursor == nil { try await write() }
                cursor = changes.cursor
                if !removed.isEmpty { break }
            }
            // The deletion may be told together with the creation.
            #expect(shown.first == "Old" && removed.count == 1)
        }
    }

    @Test("The guide's records without a model")
    func untyped() async throws {
        try await run { _, client in
            let untyped = client.table("articles")
            let record = try await untyped.create(["title": "Plain", "mood": "calm"])
            let calm = try await untyped.where { $0.mood == "calm" && $0.views < 5 }.count()
            #expect(record["mood"] == "calm" && calm == 1)
        }
    }

    @Test("The guide's users see their own records")
    func users() async throws {
        let server = try await TestServer.start(tables: [
            "tables": [
                [
                    "name": "notes",
                    "permissions": [
                        "user": ["create": true],
                        "self": ["read": true, "list": true, "update": true, "delete": true],
                    ],
                ]
            ]
        ])
        let (serverURL, publishableKey) = (server.url, server.publishableKey)
        let sessionPath = server.folder + "/session.json"
        let sessions = try FileSessionStore(path: sessionPath)
        let app = try BkendClient(url: serverURL, key: publishableKey, sessions: sessions)
        let ada = try await app.accounts.signUp(email: "ada@example.com", password: "correct horse 1", name: "Ada")
        let note = try await app.table("notes").create(["text": "Mine"])
        let mine = try await app.table("notes").page()
        let outcome = try await app.accounts.signOut()
        #expect(outcome.isServerTold)
        #expect(note.createdBy == ada.id && mine.records.map(\.id) == [note.id])
        await app.shutdown()
        try await server.stop()
    }

    @Test("The guide's errors say what is wrong with which field")
    func errors() async throws {
        try await run { posts, _ in
            var problems: [String] = []
            let options = CallOptions(deadline: .seconds(30), retry: .never, headers: ["X-Request-Id": "checkout-17"])
            do throws(BkendError) {
                try await posts.create(Post(title: ""), options: options)
            } catch {
                switch error.reason {
                case .server(let body): problems = body.details.map { "\($0.field): \($0.message)" }
                case .transport(let failure): problems = [failure.reason]
                default: problems = ["\(error)"]
                }
            }
            #expect(problems.count == 1 && problems[0].hasPrefix("title: "))
        }
    }
}
