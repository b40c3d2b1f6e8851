import ArgumentParser

/// Which device this is, and whose. The options stand before the subcommand.
struct DeviceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The device: its session and its notes. Made when it is missing.", valueName: "folder"))
    var store: String
    @Option(help: ArgumentHelp("Where the server is, or will be.", valueName: "url"))
    var server: String
    @Option(help: ArgumentHelp("The publishable key that bkend-server init printed.", valueName: "pk_…"))
    var key: String
    @Option(help: "Signs in. Needed once a device; the session is kept.")
    var email: String?
    @Option(help: "The password for --email.")
    var password: String?
    @Flag(help: "Makes the account of --email first.")
    var signUp = false

    func validate() throws {
        guard (email == nil) == (password == nil) else {
            throw ValidationError("--email and --password go together")
        }
        guard !signUp || email != nil else { throw ValidationError("--sign-up needs --email and --password") }
    }
}
