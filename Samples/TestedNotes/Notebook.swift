import Bkend
import Foundation

@Table("notes")
struct Note: Equatable {
    var text: String
    var isDone = false
}

/// A small app without its screens: notes that are written on a device and come to the user's other devices.
struct Notebook {
    let client: BkendClient
    let store: LocalStore

    /// Opens the notes of whoever is signed in, and begins to synchronise them.
    init(client: BkendClient, folder: URL, options: SyncOptions = SyncOptions()) async throws {
        self.client = client
        store = try await client.openLocalStore(at: folder)
        try await store.subscribe(to: store.table(Note.self))
        try await store.sync.start(options)
    }

    @discardableResult
    func add(_ text: String) async throws -> String {
        try await store.table(Note.self).create(Note(text: text)).id
    }

    func finish(_ id: String) async throws {
        try await store.table(Note.self).update(id) { $0.isDone = true }
    }

    /// What the list shows.
    func open() async throws -> [String] {
        try await store.table(Note.self).where { $0.isDone == false }.order(by: \.text).fetch().map(\.text)
    }

    func close() async {
        await store.close()
        await client.shutdown()
    }
}
