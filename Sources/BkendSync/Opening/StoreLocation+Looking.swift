import BkendDocuments
import BkendWire
import Dispatch
import Foundation

/// What is there, for tools that look into an app's stores. Nothing is created, marked or settled.
extension StoreLocation {
    /// The stores that an app has under a name, with their owners, `""` for guests, in the order in which they were made.
    /// What guests have left, and what is being moved, isn't among them.
    package static func present(root: String, name: String) -> [(location: StoreLocation, owner: String)] {
        let parent = root + "/" + name
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        return numbers(in: names).compactMap { number in
            let location = StoreLocation(folder: parent + "/\(number)")
            guard location.isFolder, !location.isLeft, !location.isMoving,
                !FileManager.default.fileExists(atPath: location.intention),
                FileManager.default.fileExists(atPath: location.path),
                let bytes = try? Data(contentsOf: URL(filePath: location.label)),
                let owner = String(validating: bytes, as: UTF8.self)
            else { return nil }
            return (location, owner)
        }
    }

    /// The owner of the store that was opened last under a name; nil where nobody can say.
    package static func lastOwner(root: String, name: String) -> String? { latestOwner(root: root, name: name) }
}

extension OpenStore {
    /// Opens a store that is there, without taking note of it. A store of an earlier format stays as it is.
    ///
    /// - Throws: `StoreError`
    package static func looking(at location: StoreLocation, owner: String) async throws(StoreError) -> OpenStore {
        let opened: Result<OpenStore, StoreError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result {
                        try StoreDatabase.requireNothingToDo(path: location.path)
                        let database = try StoreDatabase.open(
                            path: location.path, owner: owner, tellsDamage: false)
                        return OpenStore(StoreCore.shared(over: database, lock: location.lock), at: location)
                    }.mapError { StoreError($0) })
            }
        }
        return try opened.get()
    }
}

extension StoreDatabase {
    /// - Throws: `StoreError` where an opening would change the store: it would migrate one of an earlier format, which the
    ///   app's version would refuse then, and salvage a damaged one, which the app has to be told of.
    static func requireNothingToDo(path: String) throws {
        let isLogMissing =
            try StorePresence(database: path).note == .needsLog && StoreFolder.size(of: path + "-wal") == nil
        if try isLogMissing || DamageMark.read(beside: path) != nil {
            throw StoreError(.unusable("the store is damaged; start the app, which saves what can be read"))
        }
        var options = StorageOptions()
        options.applicationID = applicationID
        let reader = try DocumentStorage.openReader(path: path, options: options)
        defer { try? reader.close() }
        do { try reader.read { try StoreSchema.requirePresent($0) } } catch let error as StoreError {
            guard case .unusable = error.reason else { throw error }
            throw StoreError(.unusable("an earlier version of the app made the store; use the command of that version"))
        }
    }
}
