import ArgumentParser
import BkendWire

/// The command `bkend-server`; one subcommand a file.
package struct BkendServerCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bkend-server",
        abstract: "A self-hosted bkend: one binary, one folder.",
        discussion: """
            bkend-server init data            makes a data folder and prints its keys
            bkend-server apply data t.json    creates or alters tables
            bkend-server serve data           serves it at http://127.0.0.1:8420
            """,
        version: "bkend-server \(PackageVersion.current)",
        subcommands: [
            InitCommand.self, ApplyCommand.self, ServeCommand.self, ProjectCommand.self, EnvironmentCommand.self,
            KeyCommand.self, SigningKeyCommand.self, AddressKeyCommand.self, TableCommand.self, ImportCommand.self,
            ExportCommand.self,
            BackupCommand.self, CheckCommand.self, UserCommand.self,
        ])

    package init() {}
}
