import Bkend
import BkendTesting
import Foundation
import Testing

/// The built `offline-notes` and `bkend-server`, as the sample's README has them used.
@Suite(.timeLimit(.minutes(10))) struct OfflineNotesTests {
    @Test("Each command of the walkthrough prints what stands there")
    func walkthrough() async throws {
        try await Walkthrough.check(SampleProcess.package.appending(path: "Samples/OfflineNotes/README.md"))
    }

    @Test("A key that the server doesn't know, a server that isn't there, one that is none: each is one line")
    func mistakes() async throws {
        let server = try await TestServer.start(tables: Offline.tables)
        let unknown = "pk_" + String(repeating: "0", count: 64)
        try await withFolder { folder in
            let store = folder.appending(path: "device").path
            let signIn = ["--email", "ada@example.com", "--password", "correct horse 1", "--sign-up"]
            func run(_ url: String, _ key: String, _ more: [String]) async throws -> SampleProcess {
                try await SampleProcess.run(
                    "offline-notes", ["--store", store, "--server", url, "--key", key] + more)
            }
            let wrongKey = try await run(server.url, unknown, signIn + ["sync"])
            #expect(wrongKey.status == 1 && wrongKey.output.contains("check the key"))
            #expect(!wrongKey.output.contains(unknown) && wrongKey.output.split(separator: "\n").count == 1)

            let nobody = try await run(server.url, server.publishableKey, Array(signIn.dropLast()) + ["list"])
            #expect(nobody.status == 1 && nobody.output.contains("sign up first"))

            let gone = try await run("http://127.0.0.1:9", unknown, signIn + ["sync"])
            #expect(gone.status == 1 && gone.output.contains("127.0.0.1:9"))
            #expect(gone.output.split(separator: "\n").count == 1)

            let plain = try await run("http://example.com", unknown, ["list"])
            #expect(plain.status == 1 && plain.output.contains("https"))

            let flag = try await run(server.url, server.publishableKey, ["--sever", "x", "list"])
            #expect(flag.status == 64 && flag.output.contains("--sever"))
        }
        try await server.stop()
    }
}

@Suite(.timeLimit(.minutes(10))) struct QuickstartTests {
    @Test("The quickstart tells its story and ends with status 0")
    func story() async throws {
        let run = try await SampleProcess.run("Quickstart", [])
        #expect(run.status == 0, "\(run.output)")
        for word in ["pending", "confirmed", "conflict", "dead letter"] { #expect(run.output.contains(word)) }
    }
}
