import Bkend
import BkendTesting
import BkendWire
import Foundation
import Testing

/// `bkend store` on the store of an app that has it open.
@Suite("The command and an app's store", .timeLimit(.minutes(10)))
struct StoreCommandTests {
    /// A user's open store with two writes that the server rejects, one that waits for them, and one that is sent.
    private func run(_ body: (CommandTests.Desk, LocalStore, String) async throws -> Void) async throws {
        try await CommandTests.Desk.run { desk in
            let client = try BkendClient(url: desk.server.url, key: desk.server.publishableKey)
            try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
            let folder = desk.server.folder + "/app"
            let store = try await client.openLocalStore(at: URL(filePath: folder))
            let articles = store.table("articles")
            try await articles.create(["title": "Fine", "views": 3])
            let wrong = try await articles.create(["title": 5])
            try await articles.create(["title": "Names it", "tags": [.string(wrong.id)]])
            try await body(desk, store, folder)
            await store.close()
            await client.shutdown()
        }
    }

    @Test("Status, outbox, doctor, edit, retry and discard, while the app runs")
    func repair() async throws {
        try await run { desk, store, folder in
            let before = try await desk.bkend("store", "doctor", folder)
            #expect(before.status == 1 && before.output.contains("no process synchronises the store"), "\(before)")
            let status = try await desk.bkend("store", "status", folder, "--json").json().first
            #expect(
                status?["owner"] == .string(store.userID) && status?["queued"] == 3
                    && status?["health"] == "no damage seen")

            try await store.subscribe(to: store.table("articles"))
            try await store.sync.start()
            _ = await store.sync.settled()
            let led = try await desk.bkend("store", "status", folder)
            #expect(
                led.output.contains("by a process that runs now") && led.output.contains("articles        3"), "\(led)")
            let told = try await desk.bkend("store", "doctor", folder)
            #expect(told.output.contains("the server rejected it: ") && told.output.contains("waits for #"), "\(told)")

            let failed = try await desk.bkend("store", "outbox", folder, "--failed", "--json").json()
            let number = try #require(failed.first?["entry"]?.intValue)
            #expect(
                failed.count == 1 && failed.first?["failure"]?.stringValue?.contains("data/validation-error") == true)
            let rehearsed = try await desk.bkend("store", "discard", folder, "\(number)")
            #expect(rehearsed.output.contains("would discard #\(number)") && rehearsed.errors.contains("--yes"))

            let edited = try await desk.bkend("store", "edit", folder, "\(number)", #"{"title": "Mended"}"#, "--retry")
            #expect(edited.output == "edited and queued\n", "\(edited)")
            // The app notices, and sends it.
            var iterator = store.sync.statuses.makeAsyncIterator()
            while let status = await iterator.next(), status.pending + status.failed > 0 {}
            #expect(try await desk.bkend("count", "articles").output == "3\n")
            #expect(try await desk.bkend("store", "doctor", folder).output == "nothing waits for the server\n")

            let found = try await desk.bkend(
                "store", "query", folder, "articles", "--where", "not views = 3", "--sort", "title", "--select",
                "title", "--json")
            #expect(try found.json().map { $0["title"] } == ["Mended", "Names it"])
            #expect(try await desk.bkend("store", "reports", folder).output.isEmpty)
            #expect(try await desk.bkend("store", "retry", folder, "99").errors.contains("99"))
        }
    }

    @Test("A folder without a store, and another user's, are named; nothing is made")
    func absent() async throws {
        try await run { desk, store, folder in
            let nothing = try await desk.bkend("store", "status", desk.server.folder + "/nothing")
            #expect(nothing.status == 66 && nothing.errors.contains("has no local store named main"), "\(nothing)")
            #expect(!FileManager.default.fileExists(atPath: desk.server.folder + "/nothing"))
            let other = try await desk.bkend("store", "status", folder, "--user", "bob")
            #expect(other.errors.contains("has no store of user bob"), "\(other)")
            #expect(try await desk.bkend("store", "status", folder, "--user", store.userID).status == 0)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder + "/main").filter { Int($0) != nil }.count
                    == 1)
        }
    }

    @Test("Looking marks, makes and moves nothing: a guest's notes beside a user's store stay the guest's")
    func looking() async throws {
        try await run { desk, store, folder in
            let guest = try BkendClient(url: desk.server.url, key: desk.server.publishableKey)
            let other = desk.server.folder + "/other"
            let its = try await guest.openLocalStore(at: URL(filePath: other))
            try await its.table("articles").create(["title": "A guest's"])
            await its.close()
            // A user's store beside it, as one that has signed out leaves it.
            try FileManager.default.copyItem(atPath: folder + "/main/1", toPath: other + "/main/2")
            func files() throws -> [String] {
                try FileManager.default.subpathsOfDirectory(atPath: other).filter { !$0.contains("sqlite") }.sorted()
            }
            let (before, latest) = (try files(), try String(contentsOfFile: other + "/main/latest", encoding: .utf8))
            for command in ["status", "doctor", "outbox", "reports"] {
                for user in [store.userID, "guest"] {
                    let run = try await desk.bkend("store", command, other, "--user", user)
                    #expect(run.status == 0 || command == "doctor", "\(run)")
                }
            }
            #expect(try files().filter { !before.contains($0) && !$0.hasSuffix(".lock") } == [])
            #expect(try String(contentsOfFile: other + "/main/latest", encoding: .utf8) == latest)
            let again = try await guest.openLocalStore(at: URL(filePath: other))
            #expect(try await again.outbox.counts().queued == 1)
            await again.close()
            await guest.shutdown()
        }
    }

    @Test("A store is synchronised by its user, and by one process at a time")
    func synchronise() async throws {
        try await run { desk, store, folder in
            let nobody = try await desk.bkend("store", "sync", folder)
            #expect(nobody.status == 77 && nobody.errors.contains("another user's; use 'bkend login'"), "\(nobody)")
            let login = try await desk.bkend(
                "login", "ada@example.com", "--password-stdin", input: "correct horse 1\n")
            #expect(login.status == 0, "\(login)")
            let first = try await desk.bkend("store", "sync", folder, "--json")
            let outcome: JSONObject = ["sent": 1, "waiting": 1, "failed": 1, "unresolved": 0, "newReports": 0]
            #expect(try first.json() == [.object(outcome)] && first.status == 1, "\(first)")
            #expect(first.errors.contains("bkend store doctor"))
            #expect(try await desk.bkend("count", "articles").output == "1\n")

            let failed = try #require(try await store.outbox.entries(in: .failed).first)
            _ = try await desk.bkend("store", "edit", folder, "\(failed.id)", #"{"title": "Mended"}"#, "--retry")
            let second = try await desk.bkend("store", "sync", folder)
            #expect(second.status == 0 && second.output.contains("sent        2\n"), "\(second)")
            #expect(try await desk.bkend("count", "articles").output == "3\n")

            try await store.sync.start()
            _ = await store.sync.settled()
            let led = try await desk.bkend("store", "sync", folder)
            #expect(led.status == 75 && led.errors.contains("another process synchronises the store now"), "\(led)")
        }
    }
}
