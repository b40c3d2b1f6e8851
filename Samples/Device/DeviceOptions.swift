import ArgumentParser

/// Which device this is, and whose. Each subcommand of the samples has them.
package struct DeviceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The device: its session and records. Made when it is missing.", valueName: "folder"))
    package var store: String
    @Option(help: ArgumentHelp("Where the server is, or will be.", valueName: "url"))
    package var server: String
    @Option(help: ArgumentHelp("The publishable key that bkend-server init printed.", valueName: "pk_…"))
    package var key: String
    @Option(help: "Signs in. Needed once a device; the session is kept.")
    package var email: String?
    @Option(help: "The password for --email.")
    package var password: String?
    @Flag(help: "Makes the account of --email first.")
    package var signUp = false

    package init() {}

    package mutating func validate() throws {
        guard (email == nil) == (password == nil) else { throw ValidationError("--email and --password go together") }
        guard !signUp || email != nil else { throw ValidationError("--sign-up needs --email and --password") }
    }
}
