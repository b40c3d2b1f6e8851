import ArgumentParser
import Bkend

struct WhoamiCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show the user who is signed in, as the server knows them.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.run { client, output in
            guard try await client.accounts.currentUserID() != nil else {
                throw CommandFailure("nobody is signed in; use 'bkend login ADDRESS'", .denied)
            }
            output.record(try await client.accounts.me().json)
        }
    }
}
