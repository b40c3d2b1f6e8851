import ArgumentParser
import Bkend

struct SyncCommand: NotebookCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Sends what waits, fetches what is new, and ends.")
    @ParentCommand var command: OfflineNotesCommand
    @Option(help: "How long it may take, in seconds.") var seconds = 30
    @Option(help: "Which text stays where a note was changed here and elsewhere: mine or theirs.")
    var keep = Keep.mine

    func run(_ notebook: Notebook) async throws {
        try await notebook.startSync(keep)
        let status = await notebook.store.sync.settled(within: .seconds(seconds))
        let waiting = status.pending == 1 ? "1 write waits" : "\(status.pending) writes wait"
        if status.state == .stopped { return say("another program on this device does it already") }
        if let problem = notebook.problem(status) {
            throw NotebookError(problem + (status.pending > 0 ? "; \(waiting), safe on this device" : ""))
        }
        let outbox = try await notebook.store.outbox.counts()
        let count = try await notebook.notes.count()
        var words = [count == 1 ? "1 note" : "\(count) notes"]
        if status.pending > 0 { words.append(waiting) }
        if outbox.failed > 0 { words.append(outbox.failed == 1 ? "1 dead letter" : "\(outbox.failed) dead letters") }
        if outbox.reports > 0 { words.append(outbox.reports == 1 ? "1 report" : "\(outbox.reports) reports") }
        let isDone = words.count == 1
        say(isDone ? "\(words[0]), all on the server" : words.joined(separator: ", ") + ": see outbox")
    }
}

/// Whose value stays in a conflict.
enum Keep: String, ExpressibleByArgument {
    case mine, theirs

    var policy: ConflictPolicy { self == .mine ? .clientWins : .serverWins }
}

extension Notebook {
    /// Begins to keep this device and the server together. It returns at once, with or without a network.
    func startSync(_ keep: Keep) async throws {
        guard !store.userID.isEmpty else {
            throw NotebookError("nobody is signed in: what a guest writes stays here until --email signs somebody in")
        }
        // Subscribing again to what is subscribed to already changes nothing; the policy has to be said each time.
        try await store.subscribe(to: notes, conflicts: keep.policy)
        try await store.sync.start()
    }

    /// Why nothing can be exchanged now, for people; nil when something can.
    func problem(_ status: SyncStatus) -> String? {
        let reason = status.lastError.map { " (\($0))" } ?? ""
        switch status.state {
        case .idle, .syncing: return status.pending > 0 && status.lastError != nil ? "not finished\(reason)" : nil
        case .offline: return "no connection to the server\(reason)"
        case .waiting: return "the server asks for patience\(reason)"
        case .signedOut: return "the session has ended: sign in again with --email and --password"
        case .stopped: return "it isn't synchronised"
        case .paused(.refused): return "the server refuses the key or the account\(reason)"
        case .paused(.foreignAnswer): return "what answers there is no bkend server\(reason)"
        case .paused(.otherServer): return "this device belongs to another server or key"
        case .paused: return "paused\(reason)"
        }
    }
}
