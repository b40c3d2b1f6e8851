import ArgumentParser

/// `bkend-server table …`
struct TableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table", abstract: "List, show and drop tables; their versions; rollback.",
        discussion: "Tables are made and altered by bkend-server apply.",
        subcommands: [
            TableListCommand.self, TableShowCommand.self, TableVersionsCommand.self, TableRollbackCommand.self,
            TableDropCommand.self,
        ])
}
