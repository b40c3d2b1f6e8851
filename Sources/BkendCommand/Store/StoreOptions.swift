import ArgumentParser
import Bkend
import BkendSync
import Foundation

/// Which local store of an app.
struct StoreOptions: ParsableArguments {
    @Argument(help: "The app's folder for its local stores.")
    var folder: String
    @Option(help: "The store's name.")
    var name = "main"
    @Option(
        help: ArgumentHelp(
            "The user whose store it is, or guest. Otherwise the store that was opened last.", valueName: "user"))
    var user: String?
    @Flag(help: "Print JSON: one value a line.")
    var json = false

    /// Where results go.
    var output: Output { Output(terminal: .present(), isJSON: json) }

    /// Runs a body with the store, which is closed afterwards.
    func run(_ body: (LocalStore, Output) async throws -> Void) async throws {
        try await reportingFailure {
            let store = try await LocalStore.inspecting(folder, name: name, owner: user.map { $0 == "guest" ? "" : $0 })
            do { try await body(store, output) } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }
}

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Look into an app's local store, also while the app runs.",
        subcommands: [
            StoreStatusCommand.self, StoreDoctorCommand.self, StoreOutboxCommand.self, StoreRetryCommand.self,
            StoreEditCommand.self, StoreDiscardCommand.self, StoreReportsCommand.self, StoreQueryCommand.self,
            StoreSyncCommand.self,
        ])
}
