import ArgumentParser
import BkendAccounts
import BkendServer
import BkendWire
import Foundation
import Logging

/// The environment whose users a command is about.
struct UserOptions: ParsableArguments {
    @OptionGroup var folder: FolderOptions
    @OptionGroup var environment: EnvironmentOptions

    func accounts() throws -> (accounts: Accounts, folder: DataFolder) {
        let folder = try folder.open()
        let logger = Logger(label: "bkend-server") { StreamLogHandler.standardError(label: $0) }
        return (try folder.accounts(of: environment.name(in: folder), logger: logger), folder)
    }

    /// The user that an argument names.
    ///
    /// - Throws: `OperatorError` when there is none.
    func user(_ text: String, in accounts: Accounts) async throws -> User {
        guard let user = try await accounts.find(text) else {
            throw OperatorError("there is no user \(text); bkend-server user list shows those there are", .missing)
        }
        return user
    }
}

/// Users in columns, or as JSON as the API shows them.
enum UserOutput {
    static func show(_ user: JSONObject, asJSON: Bool) {
        if asJSON { StandardOutput.json(user) } else { table([user]) }
    }

    static func table(_ users: [JSONObject]) {
        let members = ["id", "email", "role", "name", "createdAt"]
        let rows = users.map { user in
            members.map { user[$0]?.stringValue ?? "" } + [user["disabledAt"] == nil ? "" : "disabled"]
        }
        StandardOutput.table(members.map { $0.uppercased() } + ["STATE"], rows)
    }
}

/// A password from standard input: never an argument, which others on the machine could read.
enum PasswordInput {
    /// The first line; at a terminal it isn't shown.
    static func read() throws -> String {
        let text = isatty(0) == 1 ? getpass("Password: ").map { String(cString: $0) } : readLine()
        guard let line = text, !line.isEmpty else { throw OperatorError("no password came from standard input", .data) }
        return line
    }
}
