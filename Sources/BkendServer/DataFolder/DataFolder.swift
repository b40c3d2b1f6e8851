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

    /// A folder that is one.
    init(path: String, control: ControlStore) {
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

    /// The file of an environment; its folder is made when it isn't there.
    func file(of name: EnvironmentName) throws(OperatorError) -> String {
        let environments = path + "/environments"
        let project = "\(environments)/\(name.project)"
        try PrivateFile.makeFolder(environments)
        try PrivateFile.makeFolder(project)
        return "\(project)/\(name.environment).sqlite"
    }
}
