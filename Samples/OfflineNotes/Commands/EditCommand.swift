import ArgumentParser
import Bkend

struct EditCommand: NotebookCommand {
    static let configuration = CommandConfiguration(commandName: "edit", abstract: "Changes what a note says.")
    @ParentCommand var command: OfflineNotesCommand
    @Argument(help: "The note's id.") var id: String
    @Argument(help: "What it says now.") var text: String

    func run(_ notebook: Notebook) async throws {
        try await notebook.notes.update(id) { $0.text = text }
    }
}

struct DoneCommand: NotebookCommand {
    static let configuration = CommandConfiguration(commandName: "done", abstract: "Ticks a note off.")
    @ParentCommand var command: OfflineNotesCommand
    @Argument(help: "The note's id.") var id: String

    func run(_ notebook: Notebook) async throws {
        // Only the field that changed is sent: an edit of the text on another device is no conflict with this.
        try await notebook.notes.update(id) { $0.isDone = true }
    }
}

struct DeleteCommand: NotebookCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Deletes a note.")
    @ParentCommand var command: OfflineNotesCommand
    @Argument(help: "The note's id.") var id: String

    func run(_ notebook: Notebook) async throws {
        try await notebook.notes.delete(id)
    }
}
