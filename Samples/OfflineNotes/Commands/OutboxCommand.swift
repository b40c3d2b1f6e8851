import ArgumentParser
import Bkend

struct OutboxCommand: NotebookCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Shows what the server doesn't have, and what it had to say.",
        discussion: "Dead letters are writes that the server rejected. They stop nothing else; see `repair`.")
    @ParentCommand var command: OfflineNotesCommand
    @Flag(help: "Says that you have read the reports; they are not shown again.") var acknowledge = false

    func run(_ notebook: Notebook) async throws {
        let outbox = notebook.store.outbox
        let entries = try await outbox.entries()
        for entry in entries { show(entry) }
        let reports = try await outbox.reports()
        for report in reports { say("report \(report.id): \(words(of: report))") }
        if acknowledge { for report in reports { try await outbox.acknowledge(report.id) } }
        if entries.isEmpty && reports.isEmpty { say("empty: the server has everything") }
    }

    private func show(_ entry: OutboxEntry) {
        let word = entry.state == .failed ? "dead letter" : entry.state.rawValue
        say("\(entry.id)  \(word)  \(entry.kind.rawValue) of \(entry.record) \(entry.fields)")
        if let failure = entry.failure { say("   why: \(failure.message)") }
        if let advice = entry.advice { say("   what to do: \(advice)") }
    }

    /// Kinds that this version doesn't know are shown as they are.
    private func words(of report: StoreReport) -> String {
        guard case .conflict(let field, _, let mine, let theirs, let kept) = report.content else {
            return "\(report.kind) of \(report.record) \(report.detail)"
        }
        let winner =
            switch kept {
            case .mine: "mine"
            case .theirs: "theirs"
            case .merged: "merged"
            }
        return
            "conflict about the \(field) of \(report.record): here \(mine), elsewhere \(theirs ?? .null); kept \(winner)"
    }
}
