import ArgumentParser
import Bkend

struct RepairCommand: NotebookCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Sends a dead letter again, changed or not, or gives it up.",
        discussion: "`outbox` shows them.")
    @ParentCommand var command: OfflineNotesCommand
    @Argument(help: "The note's id, or the dead letter's number.") var id: String
    @Option(help: "What the note says instead.") var text: String?
    @Flag(help: "Gives the write up; a note that the server never had goes with it.") var discard = false

    func validate() throws {
        guard text == nil || !discard else { throw ValidationError("choose one of --text and --discard") }
    }

    func run(_ notebook: Notebook) async throws {
        let outbox = notebook.store.outbox
        let letter = try await number(in: notebook)
        if discard {
            let outcome = try await outbox.discard(letter)
            say("given up: \(outcome.discarded.count == 1 ? "1 write" : "\(outcome.discarded.count) writes")")
            return
        }
        if let text { try await outbox.edit(letter, set: ["text": .string(text)]) }
        try await outbox.retry(letter)
        say("it waits to be sent again: sync")
    }

    /// The number of the entry that is meant.
    private func number(in notebook: Notebook) async throws -> OutboxEntry.ID {
        let entries = try await notebook.store.outbox.entries(of: id, table: notebook.notes.name)
        if let stuck = entries.first(where: { $0.state == .failed || $0.state == .unresolved }) { return stuck.id }
        guard let number = Int64(id) else { throw NotebookError("no write of \(id) needs repair: see outbox") }
        return number
    }
}
