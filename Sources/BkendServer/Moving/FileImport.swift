import BkendStorage
import BkendWire
import Crypto
import Foundation
import NIOCore

/// Puts files of another server into an environment: their records, as `GET /v1/files` or an export has them, and their
/// bytes out of a folder. They keep their ids, keys, owners and dates.
///
/// The bytes of a record are the file of the folder that lies where its key says; else the one of the key's last part or of
/// the file's name that has its size. Where several have, the digest decides, and where that isn't known and they differ,
/// the record is rejected: which one it is can't be told.
package struct FileImport {
    private let folder: DataFolder
    private let name: EnvironmentName
    private let store: EnvironmentStore
    private let objects: any ObjectStorage
    private let bytes: BytesFolder
    private let reject: (RejectedRecord) throws -> Void

    /// What has been taken care of.
    package private(set) var counts = ImportCounts()

    /// An import.
    ///
    /// - Parameters:
    ///   - bytes: the folder of the bytes.
    ///   - reject: called for each record that was not stored.
    package init(
        into name: EnvironmentName, of folder: DataFolder, bytes: String,
        reject: @escaping (RejectedRecord) throws -> Void
    ) throws {
        self.folder = folder
        self.name = name
        self.reject = reject
        self.bytes = try BytesFolder(bytes)
        store = try folder.store(of: name)
        try store.engine.prepareFiles()
        objects = try folder.objects(of: name)
        try folder.control.markImportedFiles(name)
    }

    /// Imports the records of a file; `-` is standard input.
    ///
    /// - Parameter progress: called after each record with the counts, and the file's bytes: read, and all if known.
    /// - Throws: `OperatorError` that says where a file can't be followed any further.
    package mutating func run(
        _ path: String, isLines: Bool, progress: (ImportCounts, Int, Int?) -> Void
    ) async throws {
        try await folder.requireObjectsOwned()
        let file = try InputFile(path)
        var reader = RecordReader(isLines: isLines, read: file.read)
        do {
            while let item = try reader.next() {
                counts.read += 1
                do {
                    let record = try Self.record(of: item)
                    try await store(record)
                } catch let refusal as RecordIntake.Refusal {
                    counts.rejected += 1
                    try reject(
                        RejectedRecord(
                            file: path, offset: item.offset, details: refusal.details, text: item.bytes,
                            length: item.length))
                }
                progress(counts, reader.offset, file.length)
            }
        } catch let fault as ImportFault {
            throw OperatorError("\(path): \(fault); the \(counts.read) records before it were taken care of", .data)
        }
        progress(counts, reader.offset, file.length)
    }

    // MARK: Records

    private static func record(of item: RecordReader.Item) throws -> ImportedFile {
        guard let bytes = item.bytes else {
            throw RecordIntake.Refusal("", "length", "the record has \(item.length) bytes, more than a file's may have")
        }
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes, limits: JSONLimits(depth: 64)) } catch {
            throw RecordIntake.Refusal("", "json", error.description)
        }
        guard case .object(let object) = json else {
            throw RecordIntake.Refusal("", "type", "a record is an object, not \(json.typeName)")
        }
        do throws(ErrorBody) { return try ImportedFile(object) } catch { throw RecordIntake.Refusal(error) }
    }

    private mutating func store(_ record: ImportedFile) async throws {
        let known = try store.engine.readNow { session in
            (
                try FileStore.file(session, id: record.id), try FileStore.upload(session, key: record.key),
                try FileStore.upload(session, fileID: record.id)
            )
        }
        if let file = known.0 {
            let isSame =
                file.key == record.key && file.content.bytes == record.size
                && (record.sha256 == nil || file.content.sha256 == nil || record.sha256 == file.content.sha256)
            guard isSame else { throw RecordIntake.Refusal("id", "conflict", "another file has this id here") }
            counts.same += 1
            return
        }
        if known.2?.state == .deleted {
            throw RecordIntake.Refusal("id", "conflict", "the file of this id was deleted here")
        }
        if known.1 != nil { throw RecordIntake.Refusal("s3Key", "conflict", "another file has this key here") }
        if known.2 != nil { throw RecordIntake.Refusal("id", "conflict", "another file has this id here") }
        let source = try bytes.file(of: record)
        let draft = try await objects.begin(bytes: record.size)
        do {
            let digest = try await Self.copy(source, to: draft, size: record.size)
            if let expected = record.sha256, expected != digest {
                throw RecordIntake.Refusal("sha256", "digest", "\(source) has other bytes than the record says")
            }
            try store.engine.writeNow(locking: [.file(record.key)]) { session in
                let content = FileContent(
                    name: draft.name, bytes: record.size, sha256: digest, storedAt: record.createdAt ?? session.now)
                try FileStore.insertImported(
                    session, record.file(content, now: session.now), sharedWith: record.sharedWith)
            }
            draft.release()
        } catch {
            // What failed may have failed after the row was written.
            let unnamed = try? store.engine.readNow { try FileStore.unnamed($0, of: [draft.name]) }
            if unnamed?.isEmpty ?? true { draft.release() } else { await draft.discard() }
            throw error
        }
        counts.imported += 1
    }

    private static func copy(_ path: String, to draft: any ObjectDraft, size: Int) async throws -> Data {
        let file = try InputFile(plain: path)
        var left = size
        while left > 0 {
            var buffer = ByteBufferAllocator().buffer(capacity: 1 << 20)
            let got = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1 << 20) { try file.read($0) }
            guard got > 0 else { throw OperatorError("\(path) became shorter while it was read", .data) }
            left -= got
            try await draft.write(buffer)
        }
        guard left == 0 else { throw OperatorError("\(path) became longer while it was read", .data) }
        return try await draft.store()
    }
}
