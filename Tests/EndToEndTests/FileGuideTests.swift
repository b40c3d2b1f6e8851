import Bkend
import BkendTesting
import Foundation
import Testing

// The code about files in docs/guide.md, docs/files.md and the comments of public symbols, line by line; `make lint`
// checks that they are the same.

@Suite struct FileGuideTests {
    private final class Bar {
        var fraction = 0.0
    }

    private func run(_ body: (BkendClient, _ folder: URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Fixture.run { fixture in
            let client = try BkendClient(url: fixture.server.url, key: fixture.server.publishableKey)
            try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
            try await body(client, folder)
            await client.shutdown()
        }
    }

    @Test("The guide's uploads and downloads do what it says")
    func guide() async throws {
        try await run { client, folder in
            let posts = client.table(Post.self)
            let photo = folder.appending(path: "harbour.jpg")
            let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0) })
            try bytes.write(to: photo)
            let bar = Bar()

            let upload = client.files.upload(from: photo, UploadOptions(visibility: .public))
            for await step in upload.progress { bar.fraction = step.fraction }
            let file = try await upload.value
            let post = try await posts.create(Post(title: "Lisbon", content: file.id))

            #expect(bar.fraction == 1 && post.content == file.id)
            #expect(file.visibility == .public && file.contentType == "image/jpeg" && file.size == bytes.count)

            let copy = folder.appending(path: "copy.jpg")
            _ = try await client.files.download(file.id, to: copy).value
            let data = try await client.files.data(file.id)
            let address = try await client.files.url(file.id)

            #expect(try Data(contentsOf: copy) == bytes && data == bytes)
            #expect(address.url == file.url)

            var pictures = FileList()
            pictures.contentType = "image/*"
            pictures.sortBy = .size
            let page = try await client.files.list(pictures)
            try await client.files.update(file.id, FileChanges(visibility: .private))
            try await client.files.delete(file.id)

            #expect(page.files.map(\.id) == [file.id])
            let mine = try await client.files.list()
            #expect(mine.files.isEmpty)
        }
    }

    @Test("The examples in the comments of files compile and run")
    func comments() async throws {
        try await run { client, folder in
            let photo = Data("a picture".utf8)
            let options = UploadOptions(visibility: .public, metadata: ["alt": "The harbour at night"])
            let upload = client.files.upload(photo, name: "harbour.jpg", options)
            let file = try await upload.value
            #expect(file.metadata["alt"] == "The harbour at night")
            let download = client.files.download(file.id, to: folder.appending(path: "harbour.jpg"))
            _ = try await download.value
        }
        try await run { client, folder in
            let video = folder.appending(path: "a.mov")
            try Data("a film".utf8).write(to: video)
            let bar = Bar()
            do {
                let upload = client.files.upload(from: video)
                for await step in upload.progress { bar.fraction = step.fraction }
                let file = try await upload.value
                #expect(file.contentType == "video/quicktime")
            }
            do {
                let upload = client.files.upload(from: video, UploadOptions(visibility: .protected))
                #expect(try await upload.value.visibility == .protected)
            }
        }
    }
}
