import ArgumentParser
import Bkend

struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Sign out here and on the server; server and key stay in the profile.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.run { client, output in
            switch try await client.accounts.signOut() {
            case .everywhere: output.line("signed out")
            case .nobody: output.line("nobody was signed in")
            case .onlyHere(let error):
                output.line("signed out on this machine")
                Output.note("bkend: the server may still accept the session: \(error)")
            }
        }
    }
}
