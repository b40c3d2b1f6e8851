import BkendStorage
import BkendWire
import Foundation

extension DataFolder {
    /// Opens a data folder.
    ///
    /// - Throws: `OperatorError` when it is none, or of a newer format.
    package static func open(at path: String) throws -> DataFolder {
        let control = path + "/control.sqlite"
        guard access(path, F_OK) == 0 else { throw OperatorError("there is no folder \(path)", .missing) }
        guard access(control, F_OK) == 0 else {
            throw OperatorError("\(path) is no bkend data folder; make one with: bkend-server init \(path)", .missing)
        }
        try PrivateFile.checkNoLink(control)
        guard access(control, R_OK | W_OK) == 0, access(path, R_OK | W_OK | X_OK) == 0 else {
            throw OperatorError("no permission to read and write \(path)", .denied)
        }
        return DataFolder(path: path, control: ControlStore(try SQLiteControl(at: control)))
    }

    /// Creates or alters tables of an environment that this process has not opened; see `EnvironmentStore.apply`.
    package func apply(_ json: JSON, to name: EnvironmentName) throws -> [TableChange] {
        try store(of: name).apply(json)
    }

    /// Makes the database of a new folder at a path, with what `body` writes into it.
    static func createControl<Result>(
        at path: String, _ body: (any SQLTransaction) throws -> Result
    ) throws -> Result {
        try SQLiteControl.create(at: path, body)
    }

    /// The store of an environment, for a command. Safe while a server runs on the folder, but not in a process that has
    /// the environment open.
    ///
    /// - Parameter clock: the time that it stamps by.
    package func store(
        of name: EnvironmentName, clock: @escaping @Sendable () -> Timestamp = { .systemNow }
    ) throws -> EnvironmentStore {
        var options = StoreOptions()
        options.clock = clock
        return EnvironmentStore(try SQLiteEngine(path: file(of: name), options: options))
    }
}

/// The environments of a data folder, each in a SQLite database.
struct SQLiteSource: StorageSource {
    let folder: DataFolder
    let options: StoreOptions

    func storage(of name: EnvironmentName) throws -> EnvironmentStore {
        EnvironmentStore(try SQLiteEngine(path: folder.file(of: name), name: name, options: options))
    }
}
