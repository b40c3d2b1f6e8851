import ArgumentParser
import Bkend

struct ListCommand: NotebookCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows the notes on this device.")
    @ParentCommand var command: OfflineNotesCommand

    func run(_ notebook: Notebook) async throws {
        let result = try await notebook.notes.order(by: \.createdAt).fetch()
        for line in NoteList(notes: result.records).lines { say(line) }
        // One record that doesn't fit the model must not hide the others.
        for record in result.undecodable { say("unreadable: \(record)") }
        let count = result.records.count == 1 ? "1 note" : "\(result.records.count) notes"
        say(count + (result.completeness == .complete ? "" : "; the server may have more: sync"))
    }
}
