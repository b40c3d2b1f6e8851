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

/// `bkend-server key create DIR --secret`
struct KeyCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a key and print it.",
        discussion: "A secret key is shown this once; the folder keeps only its SHA-256.")

    @OptionGroup var folder: FolderOptions
    @Flag(help: "A key for servers, which may do everything that its scopes allow.")
    var secret = false
    @Flag(help: "A key for apps, whose callers are guests until they sign in.")
    var publishable = false
    @Option(help: "A name to know it by.")
    var name: String?
    @Option(name: .customLong("scope"), help: "What it may do, table:operation, * for either part; repeatable.")
    var scopes: [String] = []
    @Option(help: "When it ends: a date (2027-01-31) or a span (90d, 12h). Never when left out.")
    var expires: String?
    @OptionGroup var environment: EnvironmentOptions

    func validate() throws {
        guard secret != publishable else { throw ValidationError("give either --secret or --publishable") }
    }

    func run() async throws {
        try await reportingFailure {
            let now = Timestamp.systemNow
            let new = NewKey(
                name: name, scopes: try KeyScopes(scopes), expiresAt: try expires.map { try TimeSpan.end($0, now: now) }
            )
            let folder = try folder.open()
            let (entry, text) = try folder.control.createKey(
                isSecret: secret, new, of: environment.name(in: folder), now: now)
            if self.folder.json {
                var json = entry.json
                json["key"] = .string(text)
                StandardOutput.json(json)
            } else {
                KeyOutput.show([entry])
                if secret { StandardOutput.line("\(text)  (shown this once)") }
            }
        }
    }
}

/// `bkend-server key list DIR`
struct KeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the keys of an environment; publishable ones with their text.")

    @OptionGroup var folder: FolderOptions
    @OptionGroup var environment: EnvironmentOptions

    func run() async throws {
        try await reportingFailure {
            let folder = try folder.open()
            let keys = try folder.control.keys(of: environment.name(in: folder), now: .systemNow)
            if self.folder.json { StandardOutput.json(keys.map(\.json)) } else { KeyOutput.show(keys) }
        }
    }
}

/// `bkend-server key revoke DIR ID`
struct KeyRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End a key at once and for good, also for a server that runs.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The key's number, as key list shows it.")
    var id: Int64
    @OptionGroup var environment: EnvironmentOptions

    func run() async throws {
        try await reportingFailure {
            let folder = try folder.open()
            let key = try folder.control.revokeKey(id, of: environment.name(in: folder), now: .systemNow)
            KeyOutput.show(key, asJSON: self.folder.json)
        }
    }
}

/// `bkend-server key scopes DIR ID --scope articles:read`
struct KeyScopesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scopes", abstract: "Set what a key may do; it counts from the next request on.")

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The key's number, as key list shows it.")
    var id: Int64
    @Option(name: .customLong("scope"), help: "What it may do, table:operation, * for either part; repeatable.")
    var scopes: [String] = []
    @Flag(help: "Lift every limit.")
    var all = false
    @OptionGroup var environment: EnvironmentOptions

    func validate() throws {
        guard all == scopes.isEmpty else { throw ValidationError("give --scope, once or more, or --all") }
    }

    func run() async throws {
        try await reportingFailure {
            let folder = try folder.open()
            let key = try folder.control.setScopes(
                try KeyScopes(scopes), ofKey: id, of: environment.name(in: folder), now: .systemNow)
            KeyOutput.show(key, asJSON: self.folder.json)
        }
    }
}
