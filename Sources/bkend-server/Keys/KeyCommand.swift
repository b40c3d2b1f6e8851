import ArgumentParser
import BkendServer
import BkendWire

/// `bkend-server key …`
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "List, make, revoke and limit API keys.",
        subcommands: [KeyListCommand.self, KeyCreateCommand.self, KeyRevokeCommand.self, KeyScopesCommand.self])
}

/// Keys in columns.
enum KeyOutput {
    static func show(_ keys: [KeyEntry]) {
        StandardOutput.table(
            ["ID", "KIND", "NAME", "STATE", "SCOPES", "EXPIRES", "CREATED", "KEY"],
            keys.map {
                [
                    "\($0.id)", $0.kind, $0.name ?? "", $0.state.rawValue, $0.scopes?.joined(separator: " ") ?? "all",
                    $0.expiresAt ?? "never", $0.createdAt, $0.text ?? "(only its SHA-256 is kept)",
                ]
            })
    }

    static func show(_ key: KeyEntry, asJSON: Bool) {
        if asJSON { StandardOutput.json(key.json) } else { show([key]) }
    }
}
