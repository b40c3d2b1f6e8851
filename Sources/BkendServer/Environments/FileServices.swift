import BkendWire
import Foundation

/// What the files of all environments share: one file of keys that sign addresses, and one folder of objects with a
/// folder in it for each environment.
struct FileServices: Sendable {
    private let keys: AddressKeys
    private let folder: String
    private let configuration: ServerConfiguration
    private let control: ControlStore

    /// Makes the keys of a data folder, unless they are there.
    ///
    /// - Throws: `AccountsFailure` when they can't be made or read.
    init(_ configuration: ServerConfiguration, _ control: ControlStore) throws {
        self.control = control
        self.configuration = configuration
        folder = configuration.folder
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
            of: name, in: store, objects: try ObjectFolder(of: name, in: folder), keys: keys, settings: settings,
            now: configuration.now)
    }
}

extension ObjectFolder {
    /// The folder of an environment's objects in a data folder: `files/PROJECT/ENVIRONMENT`.
    convenience init(of name: EnvironmentName, in folder: String) throws {
        try PrivateFile.makeFolder(folder + "/files")
        try PrivateFile.makeFolder("\(folder)/files/\(name.project)")
        try self.init("\(folder)/files/\(name.project)/\(name.environment)")
    }
}
