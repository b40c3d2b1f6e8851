import BkendAccounts
import BkendWire
import Logging

extension DataFolder {
    /// The accounts of an environment, for a command. Safe while a server runs on the folder, but not in a process that
    /// has the environment open.
    package func accounts(of name: EnvironmentName, logger: Logger) throws -> Accounts {
        let configuration = ServerConfiguration(folder: path, logger: logger)
        return try AccountServices(configuration).accounts(of: name, in: store(of: name))
    }

    /// Where mails to users lie until they are delivered.
    package var mailFolder: String { path + "/mail" }
}
