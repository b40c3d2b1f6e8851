import BkendStorage
import BkendWire
import Foundation

/// What an export wrote of an environment's files.
package struct ExportedFiles: Hashable, Sendable {
    /// How many files.
    package let files: Int
    /// The file of their records.
    package let records: String
    /// The bytes of all of them.
    package let bytes: Int
    /// The ids of those whose bytes aren't there any more.
    package let missing: [String]
}

extension DataFolder {
    /// Writes an environment's files: `files.jsonl` with a record a line, and the bytes of each at `files/KEY`. The records
    /// are of one moment; the bytes of a file that is deleted meanwhile stay for a day. `import` takes both back.
    ///
    /// - Returns: nil where the environment has no files.
    /// - Throws: `OperatorError` when something is there already, or can't be written.
    package func exportFiles(of name: EnvironmentName, to folder: String) async throws -> ExportedFiles? {
        let store = try self.store(of: name)
        try store.engine.prepareFiles()
        guard try store.engine.readNow({ try $0.first(FileSQL.allFiles) { _ in true } }) != nil else { return nil }
        try PrivateFile.makeFolder(folder)
        let records = try OutputFile("\(folder)/files.jsonl")
        let root = "\(folder)/files"
        guard FileStatus(root) == nil else { throw OperatorError("\(root) exists; nothing was overwritten") }
        var (count, bytes) = (0, 0)
        try store.engine.readNow { session in
            try session.read(FileSQL.allFiles, []) { row in
                let file = try StoredFile(row: row)
                var json = file.json(sharedWith: try FileStore.shares(session, of: file.id), isWhole: true, base: "")
                // Where it was served isn't where it will be.
                json["url"] = Optional<JSON>.none
                try records.write(json.serialized() + [0x0A])
                (count, bytes) = (count + 1, bytes + file.content.bytes)
                return true
            }
        }
        // Read again: rows aren't held while bytes are copied, which may take hours.
        var missing: [String] = []
        let objects = try ObjectFolder(of: name, in: path)
        var last: (createdAt: Int64, id: String) = (.min, "")
        while true {
            let page = try store.engine.readNow { session in
                try session.all(FileSQL.filesAfter, last.createdAt, last.createdAt, last.id, 500) {
                    let file = try StoredFile(row: $0)
                    return (file, try FileStore.objects(session, of: file.content))
                }
            }
            guard let end = page.last?.0 else { break }
            for (file, pieces) in page {
                guard pieces.reduce(0, { $0 + $1.bytes }) == file.content.bytes,
                    try await copy(pieces, of: objects, to: "\(root)/\(file.key)")
                else {
                    missing.append(file.id)
                    continue
                }
            }
            last = (end.createdAt.milliseconds, end.id)
        }
        try records.finish()
        return ExportedFiles(files: count, records: "\(folder)/files.jsonl", bytes: bytes, missing: missing)
    }

    /// Copies objects, one after the other, into a file; false when one isn't there.
    private func copy(
        _ pieces: [(name: String, bytes: Int)], of objects: ObjectFolder, to path: String
    ) async throws -> Bool {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(
            at: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let output = try OutputFile(path)
        for piece in pieces {
            let reader: any ObjectReader
            do { reader = try await objects.open(piece.name) } catch is ObjectFailure { return false }
            var offset = 0
            while offset < piece.bytes {
                let some = try await reader.read(at: offset, count: min(1 << 20, piece.bytes - offset))
                guard some.readableBytes > 0 else { return false }
                try output.write(Array(some.readableBytesView))
                offset += some.readableBytes
            }
        }
        try output.finish()
        return true
    }
}
