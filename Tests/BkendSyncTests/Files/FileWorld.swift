import BkendDocuments
import BkendWire
import Foundation
import Testing

@testable import BkendSync

/// A store on disk, with the folder of its files.
struct FileWorld {
    let path: String
    let store: StoreDatabase

    var folder: String { URL(fileURLWithPath: path).deletingLastPathComponent().path }
    var files: FileFolder {
        get throws { try #require(store.files) }
    }

    /// Runs a body with a store of its own, gone afterwards.
    static func run(owner: String = "ann", _ body: (FileWorld) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/store/store.sqlite"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try body(FileWorld(path: path, store: StoreDatabase.open(path: path, owner: owner)))
    }

    /// A file of the app's.
    func original(_ name: String, _ bytes: Data) throws -> URL {
        let url = URL(filePath: folder).deletingLastPathComponent().appending(path: name)
        try bytes.write(to: url)
        return url
    }

    static let fields: JSONObject = [
        "originalName": "a.png", "mimeType": "image/png", "visibility": "public",
    ]

    /// Attaches bytes.
    @discardableResult
    func attach(_ text: String, _ fields: JSONObject = FileWorld.fields) throws -> StoredFile {
        try store.attach(.data(Data(text.utf8)), fields)
    }

    /// The names in the folder of files.
    func names() throws -> [String] { try files.names() }

    func visible(_ table: String, _ id: String) throws -> JSONObject? {
        try store.read { try $0.documents.document(table, id)?.json }
    }

    func entries(_ table: String? = nil) throws -> [OutboxEntry] {
        try store.read { try $0.outbox.entries(table: table) }
    }

    /// The server has a file.
    func adopt(_ file: StoredFile, as id: String, key: String = "images/1/a.png", url: String? = nil) throws {
        try store.write { tx in
            let entry = try #require(try tx.outbox.entries(of: FileTable.name, file.record).first)
            var row: JSONObject = [
                "id": .string(id), "s3Key": .string(key), "updatedAt": "2026-01-01T00:00:00.000Z",
                "createdAt": "2026-01-01T00:00:00.000Z",
            ]
            row["url"] = url.map(JSON.string)
            for (name, value) in entry.fields { row[name] = value }
            let isAdopted = try tx.adopting.adopt(entry.sequence, row: row.serialized())
            #expect(isAdopted)
        }
    }
}

/// What a store says of a file that it doesn't take.
func fileProblem(_ work: () throws -> Void) -> LocalFileProblem? {
    guard case .file(let problem)? = refusal(work) else { return nil }
    return problem
}
