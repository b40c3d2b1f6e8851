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
    package fileprivate(set) var missing: [String]
}

extension DataFolder {
    /// Writes an environment's files: `files.jsonl` with a record a line, and the bytes of each at `files/KEY`; at
    /// `files/by-id/ID` where the key can't be such a path. All are those of one moment: what is deleted while the bytes are
    /// copied stays for a day. `import` takes both back.
    ///
    /// - Parameter progress: told how many bytes of all were copied.
    /// - Returns: nil where the environment has no files.
    /// - Throws: `OperatorError` when something is there already, or can't be written.
    package func exportFiles(
        of name: EnvironmentName, to folder: String, progress: (Int, Int) -> Void = { _, _ in }
    ) async throws -> ExportedFiles? {
        let store = try self.store(of: name)
        try store.engine.prepareFiles()
        guard try store.engine.readNow({ try $0.first(FileSQL.allFiles) { _ in true } }) != nil else { return nil }
        try PrivateFile.makeFolder(folder)
        let root = "\(folder)/files"
        guard FileStatus(root) == nil else { throw OperatorError("\(root) exists; nothing was overwritten", .present) }
        // Whose bytes are where, as of the same moment: rows aren't held while bytes are copied, which may take hours.
        let list = "\(folder)/files.objects.\(getpid())"
        defer { unlink(list) }
        var exported = try writeRecords(of: store, to: "\(folder)/files.jsonl", list: list)
        let objects = try objects(of: name)
        var copied = 0
        var reader = RecordReader(isLines: true, read: try InputFile(plain: list).read)
        while let item = try reader.next() {
            guard let entry = try item.bytes.map({ try JSON(parsing: $0) }), let id = entry["id"]?.stringValue,
                let key = entry["key"]?.stringValue, let pieces = entry["objects"]?.arrayValue
            else { continue }
            let found = pieces.map { (name: $0["name"]?.stringValue ?? "", bytes: Int($0["bytes"]?.intValue ?? 0)) }
            let isWhole = entry["size"]?.intValue == Int64(found.reduce(0) { $0 + $1.bytes })
            let isCopied = isWhole ? try await copy(found, of: objects, to: try place(key, id, in: root)) : false
            if !isCopied { exported.missing.append(id) }
            copied += found.reduce(0) { $0 + $1.bytes }
            progress(copied, exported.bytes)
        }
        return exported
    }

    private func writeRecords(of store: EnvironmentStore, to path: String, list: String) throws -> ExportedFiles {
        let (records, places) = (try OutputFile(path), try OutputFile(list))
        var (count, bytes) = (0, 0)
        try store.engine.readNow { session in
            try session.read(FileSQL.allFiles, []) { row in
                let file = try StoredFile(row: row)
                var json = file.json(sharedWith: try FileStore.shares(session, of: file.id), isWhole: true, base: "")
                // Where it was served isn't where it will be.
                json["url"] = Optional<JSON>.none
                try records.write(json.serialized() + [0x0A])
                let pieces = try FileStore.objects(session, of: file.content)
                let place: JSONObject = [
                    "id": .string(file.id), "key": .string(file.key), "size": .int(Int64(file.content.bytes)),
                    "objects": .array(pieces.map { ["name": .string($0.name), "bytes": .int(Int64($0.bytes))] }),
                ]
                try places.write(place.serialized() + [0x0A])
                (count, bytes) = (count + 1, bytes + file.content.bytes)
                return true
            }
        }
        try places.finish()
        try records.finish()
        return ExportedFiles(files: count, records: path, bytes: bytes, missing: [])
    }

    /// Where the bytes of a file go. One key may be the beginning of another's path, or hold a name that is too long.
    private func place(_ key: String, _ id: String, in root: String) throws -> String {
        func makeFolder(of path: String) throws {
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        let path = "\(root)/\(key)"
        let isShort = key.split(separator: "/").allSatisfy { $0.utf8.count <= 200 }
        if isShort, !key.hasPrefix(BytesFolder.byID + "/"), (try? makeFolder(of: path)) != nil, FileStatus(path) == nil
        {
            return path
        }
        let other = "\(root)/\(BytesFolder.byID)/\(id)"
        try makeFolder(of: other)
        return other
    }

    /// Copies objects, one after the other, into a file; false when one isn't there.
    private func copy(
        _ pieces: [(name: String, bytes: Int)], of objects: any ObjectStorage, to path: String
    ) async throws -> Bool {
        let output = try OutputFile(path)
        for piece in pieces {
            let reader: any ObjectReader
            do {
                reader = try await objects.open(piece.name)
            } catch let failure as ObjectFailure where failure.isMissing {
                return false
            } catch let failure as S3Failure where failure.isMissing {
                return false
            }
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
