import ArgumentParser
import Bkend

/// Shows what the server doesn't have, and what it had to say.
package struct OutboxCommand: DeviceCommand {
    package static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Shows what the server doesn't have, and what it had to say.")
    @Option(help: "Gives up the write of this number; a record that the server never had goes with it.")
    package var discard: OutboxEntry.ID?
    @Flag(help: "Says that you have read the reports; they are not shown again.")
    package var acknowledge = false
    @OptionGroup package var options: DeviceOptions

    package init() {}

    package func run(on device: Device) async throws {
        let outbox = device.store.outbox
        if let discard {
            let outcome = try await outbox.discard(discard)
            return say("\(counted(outcome.discarded.count, "change")) given up")
        }
        let entries = try await outbox.entries()
        for entry in entries {
            let state = entry.state == .failed ? "rejected" : "waiting"
            say("\(entry.id)  \(state)  \(entry.kind.rawValue) in \(entry.table)")
            if let failure = entry.failure { say("   \(failure.message)") }
        }
        let reports = try await outbox.reports()
        for report in reports {
            say("report  \(words(of: report))")
            if acknowledge { try await outbox.acknowledge(report.id) }
        }
        if entries.isEmpty && reports.isEmpty { say("empty: the server has everything") }
    }

    /// Kinds that this version doesn't know are shown as they are.
    private func words(of report: StoreReport) -> String {
        guard case .conflict(let field, _, let mine, let theirs, let kept) = report.content else {
            return "\(report.kind) in \(report.table) \(report.detail)"
        }
        let winner =
            switch kept {
            case .mine: "this device's"
            case .theirs: "the other's"
            case .merged: "both"
            }
        return "\(report.table): \(field) is \(mine) here and \(theirs ?? .null) elsewhere; kept \(winner)"
    }
}
