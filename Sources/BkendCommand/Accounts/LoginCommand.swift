import ArgumentParser
import Bkend
import Foundation

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Sign in, and keep server, key and session in the profile.",
        discussion: """
            Without an address only the server and the key are kept, for a secret key or a guest.
            The password is asked for at the terminal, or read from standard input.
            """)

    @Argument(help: "The user's e-mail address.")
    var email: String?
    @Flag(help: "Make the account first.")
    var signUp = false
    @Flag(help: "Read the password from standard input's first line.")
    var passwordStdin = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if email == nil, signUp || passwordStdin {
            throw ValidationError("--sign-up and --password-stdin need an e-mail address")
        }
    }

    func run() async throws {
        try await reportingFailure {
            let found = try connection.connection()
            let client = try found.client()
            do { try await signIn(client, found) } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        }
    }

    private func signIn(_ client: BkendClient, _ found: Connection) async throws {
        guard let email else {
            // A session of another server or user would stand beside the new key.
            if FileManager.default.fileExists(atPath: found.folder.appending(path: "session.json").path) {
                throw CommandFailure(
                    "somebody is signed in with this profile; run 'bkend logout' first, or use --profile", .usage)
            }
            try found.profile.write(to: found.folder)
            return Output.note("kept \(found.profile.server) and its key in \(found.folder.path)")
        }
        if found.profile.key.hasPrefix("sk_") {
            throw CommandFailure("a secret key isn't a user's; sign in with a publishable one (pk_…)", .usage)
        }
        let password = try Password.read(fromStandardInput: passwordStdin)
        let account =
            signUp
            ? try await client.accounts.signUp(email: email, password: password)
            : try await client.accounts.signIn(email: email, password: password)
        // Last, so that a failure leaves the profile as it was.
        try found.profile.write(to: found.folder)
        let output = connection.output
        if output.isJSON { return output.json(.object(account.json)) }
        output.line("signed in as \(RecordTable.shown(email)), user \(RecordTable.shown(account.id))")
    }
}
