import BkendWire
import Foundation

/// The bucket that keeps a data folder's files, and what the folder remembers of it, so that no start without the option
/// looks for files where they aren't.
///
/// A prefix of a bucket belongs to one data folder: another one would take its objects for those that no row names, and put
/// them aside. Both hold the same mark, the folder in `file-storage.json`, the prefix in `.bkend-owner`. A backup holds no
/// mark, so that a restored folder doesn't get in the way of the one it was made of.
final class S3Bucket: Sendable {
    let settings: S3Settings
    let client: S3Client
    private let folder: String
    private let takesOver: Bool

    /// The bucket that was asked for, or that a folder remembers; nil for none.
    ///
    /// - Throws: `OperatorError` where the folder's files are elsewhere, or the credentials aren't there.
    convenience init?(_ options: S3Options, for folder: String) throws(OperatorError) {
        let remembered = try RememberedBucket.read(folder)
        if options.isEmpty, remembered == nil { return nil }
        if remembered == nil, options.address != nil { try Self.refuseLocalFiles(folder) }
        try self.init(
            try S3Settings(options, remembered: remembered?.settings), for: folder, takesOver: options.takesOver)
    }

    private init(_ settings: S3Settings, for folder: String, takesOver: Bool) throws(OperatorError) {
        self.settings = settings
        client = try S3Client(settings)
        self.folder = folder
        self.takesOver = takesOver
    }

    /// What the keys of an environment's objects begin with.
    static func prefix(of name: EnvironmentName, in settings: S3Settings) -> String {
        "\(settings.prefix)\(name.project)/\(name.environment)/"
    }

    /// The objects of an environment.
    ///
    /// - Parameter local: its folder in the data folder.
    func storage(of name: EnvironmentName, local: String) throws(OperatorError) -> S3Storage {
        try S3Storage(client, at: Self.prefix(of: name, in: settings), folder: local)
    }

    private static func refuseLocalFiles(_ folder: String) throws(OperatorError) {
        let files = FileManager.default.enumerator(atPath: folder + "/files")
        while let path = files?.nextObject() as? String {
            let parts = path.split(separator: "/")
            guard parts.count == 3, ObjectFolder.isName(parts[2]) else { continue }
            throw OperatorError(
                "this folder has files on its own disk (files/\(path)): serve it without --files, or move them first "
                    + "(docs/files.md, \"Moving files\")")
        }
    }

    // MARK: Proof

    /// Writes, reads, lists and deletes an object, looks whose the prefix is, and remembers it for the folder.
    ///
    /// - Throws: `OperatorError` that says what fails, and what to do.
    func prove() async throws {
        let key = "\(settings.prefix).bkend-probe-\(FileKey.randomDigits(8))"
        let bytes = Array(FileKey.randomDigits(16).utf8)
        try await step("write to") { try await client.put(key, bytes) }
        try await step("read from") {
            guard try await client.bytes(of: key) == bytes else {
                throw OperatorError("an object that was just written can't be read, or is another one")
            }
        }
        try await step("list") {
            var names: [String] = []
            try await client.list(key) { names += $0.entries.map(\.name) }
            guard names == [""] else {
                throw OperatorError("the list of its objects has no object that was just written")
            }
        }
        try await step("delete from") { try await client.delete(key) }
        try await step("mark") { try await own() }
    }

    private func step(_ what: String, _ body: () async throws -> Void) async throws {
        do { try await body() } catch let error as CancellationError { throw error } catch {
            throw OperatorError("the server can't \(what) \(settings.address): \(error)")
        }
    }

    private var ownerFile: String { settings.prefix + ".bkend-owner" }

    /// The mark that the prefix has; nil for none.
    private func mark() async throws -> String? {
        guard try await client.find(ownerFile) != nil, let bytes = try await client.bytes(of: ownerFile) else {
            return nil
        }
        return String(decoding: bytes.prefix(64), as: UTF8.self)
    }

    /// Refuses to write where another folder's objects are, for commands.
    ///
    /// - Throws: `OperatorError` unless the prefix is this folder's.
    func requireOwner() async throws {
        let remembered = try RememberedBucket.read(folder)?.mark
        let found = try await mark()
        guard let found, found == remembered else {
            throw OperatorError(
                "the prefix \(settings.address) isn't this folder's: start bkend-server serve first, and, if this folder "
                    + "takes the place of another, once with --s3-take-over")
        }
    }

    private func own() async throws {
        let remembered = try RememberedBucket.read(folder)?.mark
        let file = ownerFile
        let found = try await mark()
        if let found, found == remembered {
            // Its address may be another one now.
            try RememberedBucket(settings: settings, mark: found).write(folder)
            return
        }
        guard found == nil || takesOver else {
            throw OperatorError(
                "another data folder keeps its files there, or did (the mark in .bkend-owner is another one); give each "
                    + "folder a prefix of its own. If this folder takes the place of one that doesn't run any more, a "
                    + "restored backup for example, start once with --s3-take-over")
        }
        // First here: a mark that only the bucket has would be taken for another folder's.
        let mark = FileKey.randomDigits(16)
        try RememberedBucket(settings: settings, mark: mark).write(folder)
        try await client.put(file, Array(mark.utf8))
    }
}

/// What a data folder remembers of the bucket that its files are in: `file-storage.json`.
struct RememberedBucket {
    let settings: S3Settings
    /// The mark that the bucket's prefix has; nil in a backup.
    let mark: String?

    /// The file's name.
    static let fileName = "file-storage.json"

    init(settings: S3Settings, mark: String?) {
        self.settings = settings
        self.mark = mark
    }

    /// What a folder remembers; nil where its files are in itself.
    ///
    /// - Throws: `OperatorError` when it can't be read: where the files are must not be guessed.
    static func read(_ folder: String) throws(OperatorError) -> RememberedBucket? {
        let file = "\(folder)/\(fileName)"
        guard let status = FileStatus(file) else { return nil }
        guard status.isFile, let data = FileManager.default.contents(atPath: file),
            let json = try? JSON(parsing: Array(data)), let settings = S3Settings(json)
        else { throw OperatorError("\(file) can't be read: it says in which bucket this folder's files are") }
        return RememberedBucket(settings: settings, mark: json["mark"]?.stringValue)
    }

    /// Its text, as it is in the file.
    var text: [UInt8] {
        var json = settings.json
        json["storage"] = "s3"
        json["mark"] = mark.map(JSON.string) ?? .null
        return JSON.object(json).serialized() + [0x0A]
    }

    /// Writes it to a file of its own.
    func write(to file: String) throws(OperatorError) {
        let output = try PrivateFile.openAnew(file)
        defer { close(output) }
        let text = text
        let count = text.withUnsafeBytes { Foundation.write(output, $0.baseAddress, $0.count) }
        guard count == text.count, fsync(output) == 0 else { throw PrivateFile.failure("can't write", file) }
    }

    /// Puts it in the place of what is there.
    func write(_ folder: String) throws(OperatorError) {
        let file = "\(folder)/\(Self.fileName)"
        let draft = "\(file).\(FileKey.randomDigits(8))"
        defer { unlink(draft) }
        try write(to: draft)
        guard rename(draft, file) == 0 else { throw PrivateFile.failure("can't replace", file) }
        try PrivateFile.syncName(of: file)
    }
}
