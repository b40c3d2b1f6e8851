import BkendWire
import Foundation

/// What the files of all environments share: one file of keys that sign addresses, and one folder of objects with a
/// folder in it for each environment.
struct FileServices: Sendable {
    private let keys: AddressKeys
    private let folder: String
    private let configuration: ServerConfiguration
    private let control: ControlStore
    /// The bucket of the objects; nil where the folder has them.
    private let bucket: S3Bucket?

    /// Makes the keys of a data folder, unless they are there.
    ///
    /// - Throws: `AccountsFailure` when they can't be made or read; `OperatorError` for a bucket that can't be the folder's.
    init(_ configuration: ServerConfiguration, _ control: ControlStore) throws {
        self.control = control
        self.configuration = configuration
        folder = configuration.folder
        bucket = try S3Bucket(configuration.s3, for: folder)
        if bucket != nil, configuration.limits.fileBytes > S3Storage.mostBytes {
            throw OperatorError("--file-limit is at most 5G where files are in S3: one PUT has no more")
        }
        keys = try AddressKeys(in: folder, now: configuration.now())
    }

    /// The files of an environment whose tables are there, with their folder made.
    func files(of name: EnvironmentName, in store: EnvironmentStore) throws -> EnvironmentFiles {
        // A database that came from elsewhere, or from a backup that was begun before the import.
        if try store.engine.readNow({ try $0.first(FileSQL.hasImported) { _ in true } }) != nil {
            try control.markImportedFiles(name)
        }
        var settings = FileSettings(
            fileBytes: configuration.limits.fileBytes,
            queryLimit: .milliseconds(configuration.limits.queryMilliseconds), logger: configuration.logger)
        settings.storage = StorageLimits(
            total: configuration.limits.storageBytes, perUser: configuration.limits.storageBytesPerUser)
        settings.publicImages = configuration.publicUnregisteredImages.contains(name.project)
        settings.knowsUsers = configuration.accessTokens == nil
        return EnvironmentFiles(
            of: name, in: store, objects: try objects(of: name), keys: keys, settings: settings,
            now: configuration.now)
    }

    /// Where an environment's objects are.
    private func objects(of name: EnvironmentName) throws -> any ObjectStorage {
        let local = try ObjectFolder.path(of: name, in: folder)
        return if let bucket { try bucket.storage(of: name, local: local) } else { try ObjectFolder(local) }
    }

    /// Shows that the bucket can be used, and is this folder's; nothing where there is none.
    ///
    /// - Throws: `OperatorError` that says what fails.
    func prove() async throws { try await bucket?.prove() }
}

extension DataFolder {
    /// Where an environment's objects are: in the folder, or in the bucket that it remembers.
    ///
    /// - Throws: `OperatorError` when the bucket's credentials aren't there.
    func objects(of name: EnvironmentName) throws -> any ObjectStorage {
        let local = try ObjectFolder.path(of: name, in: path)
        guard let bucket = try S3Bucket(S3Options(), for: path) else { return try ObjectFolder(local) }
        return try bucket.storage(of: name, local: local)
    }

    /// Refuses to write objects into a bucket that isn't the folder's.
    func requireObjectsOwned() async throws { try await S3Bucket(S3Options(), for: path)?.requireOwner() }
}

extension ObjectFolder {
    /// The folder of an environment's objects in a data folder: `files/PROJECT/ENVIRONMENT`.
    convenience init(of name: EnvironmentName, in folder: String) throws {
        try self.init(Self.path(of: name, in: folder))
    }

    /// Where that folder is; the ones around it are made.
    static func path(of name: EnvironmentName, in folder: String) throws(OperatorError) -> String {
        try PrivateFile.makeFolder(folder + "/files")
        try PrivateFile.makeFolder("\(folder)/files/\(name.project)")
        return "\(folder)/files/\(name.project)/\(name.environment)"
    }
}
