import ArgumentParser
import BkendServer
import BkendWire

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
