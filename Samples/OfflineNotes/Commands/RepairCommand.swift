#if Server
import ArgumentParser
import Bkend

struct RepairCommand: NotebookCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Sends a dead letter again, changed or not, or gives it up.",
        discussion: "Its number stands in front of it in `outbox`.")
    @ParentCommand var command: OfflineNotesCommand
    @Argument(help: "The entry's number.") var id: Int64
    @Option(help: "What the note says instead.") var text: String?
    @Flag(help: "Gives the write up; a note that the server never had goes with it.") var discard = false

    func validate() throws {
        guard text == nil || !discard else { throw ValidationError("choose one of --text and --discard") }
    }

    func run(_ notebook: Notebook) async throws {
        let outbox = notebook.store.outbox
        if discard {
            let outcome = try await outbox.discard(id)
            say("given up: \(outcome.discarded.count == 1 ? "1 write" : "\(outcome.discarded.count) writes")")
            return
        }
        if let text { try await outbox.edit(id, set: ["text": .string(text)]) }
        try await outbox.retry(id)
        say("\(id) waits to be sent: sync")
    }
}
#endif
