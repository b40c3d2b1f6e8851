import Bkend

extension Quickstart {
    /// Makes an account; the client is that user's from then on.
    func signingUp(_ client: BkendClient, _ narrator: inout Narrator) async throws -> Account {
        narrator.step("Sign up: from now on the client speaks for Noor")
        narrator.code("try await client.accounts.signUp(email: \"noor@example.com\", password: …, name: \"Noor\")")
        let noor = try await client.accounts.signUp(
            email: "noor@example.com", password: "winter bread 7", name: "Noor")
        narrator.say("user \(noor.id); the session lies in a file that only she can read")
        return noor
    }

    /// Creates the articles and gives their ids.
    func writing(_ client: BkendClient, by user: Account, _ narrator: inout Narrator) async throws -> [String] {
        narrator.step("Create records from a Swift struct")
        let articles = client.table(Article.self)
        narrator.code("try await articles.create(Article(title: \"Baking bread in a cold kitchen\", …))")
        let first = try await articles.create(Article.samples[0])
        narrator.say("the server gave it the id \(first.id)")
        narrator.code("try await articles.createAll([…])   // all of them or none")
        let others = try await articles.createAll(Array(Article.samples.dropFirst()))
        narrator.say("\(others.count) more")
        let stored = [first] + others
        try narrator.expect(stored.map(\.model) == Article.samples, "the server stores what was sent")
        try narrator.expect(Set(stored.map(\.id)).count == 5, "every record has its own id")
        try narrator.expect(stored.allSatisfy { $0.createdBy == user.id }, "every record says whose it is")
        return stored.map(\.id)
    }

    /// Filters, sorts, pages, searches.
    func reading(_ client: BkendClient, _ narrator: inout Narrator) async throws {
        let articles = client.table(Article.self)
        narrator.step("Ask for some of them: filters are checked by the compiler")
        narrator.code("articles.where { $0.isPublished == true && $0.tags.contains(\"bicycle\") }")
        let bicycles = try await articles.where { $0.isPublished == true && $0.tags.contains("bicycle") }
            .order(by: \.title).page(1)
        for article in bicycles.records { narrator.say("\"\(article.title)\", \(article.minutes) min") }
        try narrator.expect(
            bicycles.records.map(\.title) == ["A bicycle for two continents", "Repairing a bicycle chain"],
            "two published articles are about bicycles")

        narrator.code("articles.where { $0.author.city == \"Utrecht\" || $0.minutes < 5 }.count()")
        let count = try await articles.where { $0.author.city == "Utrecht" || $0.minutes < 5 }.count()
        narrator.say("\(count)")
        try narrator.expect(count == 3, "two are from Utrecht, and one more takes under five minutes")

        narrator.step("In order, page by page, only the fields that a list needs")
        narrator.code("articles.order(by: \\.minutes, .descending).select(Headline.self).page(1, limit: 2)")
        let page = try await articles.order(by: \.minutes, .descending).select(Headline.self).page(1, limit: 2)
        for headline in page.records { narrator.say("\(headline.minutes) min: \(headline.title)") }
        narrator.say("page \(page.pagination.page) of \(page.pagination.totalPages), \(page.pagination.total) in all")
        try narrator.expect(page.records.map(\.minutes) == [12, 7], "the longest come first")
        try narrator.expect(page.pagination.totalPages == 3 && page.pagination.hasNext, "five records, two a page")

        narrator.step("Search, and walk over everything")
        narrator.code("articles.search(\"WINTER\").page()")
        let found = try await articles.search("WINTER").page()
        narrator.say(found.records.map { "\"\($0.title)\"" }.joined(separator: ", "))
        try narrator.expect(found.pagination.total == 1, "one article says winter in a text")
        narrator.code("for try await article in articles.all(batch: 2) { … }   // by id, never by page numbers")
        var minutes = 0
        for try await article in articles.all(batch: 2) { minutes += article.minutes }
        narrator.say("\(minutes) minutes to read them all")
        try narrator.expect(minutes == 31, "the walk meets every article once")
    }

    /// Updates and deletes.
    func changing(_ client: BkendClient, _ ids: [String], _ narrator: inout Narrator) async throws {
        let articles = client.table(Article.self)
        narrator.step("Change one: only what changed is sent")
        narrator.code("articles.update(id) { $0.isPublished = true }")
        let published = try await articles.update(ids[3]) { $0.isPublished = true }
        narrator.say("\"\(published.title)\" is published now, its \(published.tags) untouched")
        try narrator.expect(published.isPublished && published.tags == ["winter"], "one field changed")
        try narrator.expect(published.updatedAt >= published.createdAt, "updatedAt moves")

        narrator.step("Delete one")
        narrator.code("articles.delete(id)")
        try await articles.delete(ids[4])
        do {
            _ = try await articles.get(ids[4])
            try narrator.expect(false, "a deleted record can't be read")
        } catch let error as BkendError {
            narrator.say("reading it again: \(error.code?.rawValue ?? "\(error)")")
            try narrator.expect(error.isNotFound, "a deleted record is not found")
        }
    }

    /// What the server refuses, and how it says so.
    func refusals(_ client: BkendClient, _ narrator: inout Narrator) async throws {
        narrator.step("Mistakes are named")
        narrator.code("articles.create([\"title\": \"\", \"minutes\": 0])")
        do {
            try await client.table("articles").create(["title": "", "minutes": 0])
            try narrator.expect(false, "a record that breaks its schema is refused")
        } catch let error as BkendError {
            guard case .server(let body) = error.reason else { throw error }
            for detail in body.details { narrator.say("\(detail.field): \(detail.message)") }
            try narrator.expect(error.code == .validationError, "the schema is kept")
            try narrator.expect(
                Set(body.details.map(\.field)) == ["title", "content", "minutes"], "every mistake is named at once")
        }
    }

    /// What the table's permissions leave to others: guests read, users write, and change only what is their own.
    func strangers(_ id: String, key: String, url: String, _ narrator: inout Narrator) async throws {
        narrator.step("Others may read Noor's articles, and no more")
        let other = try BkendClient(url: url, key: key)
        let articles = other.table(Article.self)
        narrator.code("a guest: articles.get(id), then articles.create(…)")
        narrator.say("\"\(try await articles.get(id).title)\"")
        try await denied("guests may only read here", &narrator) { try await articles.create(Article.samples[0]) }

        narrator.code("Emil, signed in: articles.update(id) { $0.title = \"Mine\" }")
        try await other.accounts.signUp(email: "emil@example.com", password: "two continents", name: "Emil")
        try await denied("only its author may change an article", &narrator) {
            try await articles.update(id) { $0.title = "Mine" }
        }
        await other.shutdown()
    }

    private func denied(
        _ promise: String, _ narrator: inout Narrator, _ write: () async throws -> Record<Article>
    ) async throws {
        do {
            _ = try await write()
            try narrator.expect(false, promise)
        } catch let error as BkendError {
            narrator.say("\(error.code?.rawValue ?? "\(error)")")
            try narrator.expect(error.code == .permissionDenied, promise)
        }
    }
}
