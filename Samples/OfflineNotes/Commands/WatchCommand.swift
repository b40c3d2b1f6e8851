import ArgumentParser
import Bkend

struct WatchCommand: NotebookCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Keeps in sync and shows the notes whenever they change; Ctrl-C ends it.")
    @ParentCommand var command: OfflineNotesCommand
    @Option(help: "Ends after so many changes.") var count: Int?
    @Option(help: "Which text stays where a note was changed here and elsewhere: mine or theirs.")
    var keep = Keep.mine

    func run(_ notebook: Notebook) async throws {
        if !notebook.store.userID.isEmpty { try await notebook.startSync(keep) }
        var shown = 0
        // The answer now, and again whenever it changes: by this program, another one on this device, or the server.
        for await snapshot in notebook.notes.order(by: \.createdAt).live() {
            say("-- notes: \(snapshot.records.count), pending: \(snapshot.pending), rejected: \(snapshot.failed)")
            for line in NoteList(notes: snapshot.records).lines { say(line) }
            if let error = snapshot.error { throw error }
            shown += 1
            if shown == count { return }
        }
    }
}
