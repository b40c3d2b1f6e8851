import ArgumentParser
import Bkend

struct AddCommand: NotebookCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Writes a note and prints its id.",
        discussion: "The id is good for ever on this device, also when the server has given the note another one.")
    @ParentCommand var command: OfflineNotesCommand
    @Argument(help: "What it says.") var text: String

    func run(_ notebook: Notebook) async throws {
        // When this returns, the note is on the disk and in the outbox. A network is not needed.
        say(try await notebook.notes.create(Note(text: text)).id)
    }
}
