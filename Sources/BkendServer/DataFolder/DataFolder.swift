import BkendWire
import Foundation

/// The one folder that holds everything a server knows:
///
///     control.sqlite                       projects, environments, keys
///     environments/PROJECT/ENV.sqlite      tables, their schema versions, records and accounts of one environment
///     signing-keys.json                    what access tokens are signed with
///     mail/                                mails to be sent, one .eml file each
///
/// Folders have mode 0700 and files 0600. Any number of processes may have it open: SQLite's write-ahead log keeps
/// readers and one writer apart, and whoever finds another writer waits for it.
package struct DataFolder: Sendable {
    /// The folder's path.
    package let path: String
    /// Projects, environments and keys.
    package let control: ControlStore

    private init(path: String, control: ControlStore) {
        self.path = path
        self.control = control
    }

    /// What `init` made: the environment and its two keys. The secret key can't be read again.
    package struct Created: Sendable {
        /// The project and environment.
        package let name: EnvironmentName
        /// The key that apps may carry.
        package let publishableKey: String
        /// The key that may do everything.
        package let secretKey: String

        /// What a folder was made with.
        package init(name: EnvironmentName, publishableKey: String, secretKey: String) {
            self.name = name
            self.publishableKey = publishableKey
            self.secretKey = secretKey
        }
    }

    /// Opens a data folder.
    ///
    /// - Throws: `OperatorError` when it is none, or of a newer format.
    package static func open(at path: String) throws -> DataFolder {
        let control = path + "/control.sqlite"
        guard access(path, F_OK) == 0 else { throw OperatorError("there is no folder \(path)") }
        guard access(control, F_OK) == 0 else {
            throw OperatorError("\(path) is no bkend data folder; make one with: bkend-server init \(path)")
        }
        try PrivateFile.checkNoLink(control)
        guard access(control, R_OK | W_OK) == 0, access(path, R_OK | W_OK | X_OK) == 0 else {
            throw OperatorError("no permission to read and write \(path)")
        }
        return DataFolder(path: path, control: try ControlStore(at: control))
    }

    /// The file of an environment; its folder is made when it isn't there.
    func file(of name: EnvironmentName) throws(OperatorError) -> String {
        let environments = path + "/environments"
        let project = "\(environments)/\(name.project)"
        try PrivateFile.makeFolder(environments)
        try PrivateFile.makeFolder(project)
        return "\(project)/\(name.environment).sqlite"
    }
}
