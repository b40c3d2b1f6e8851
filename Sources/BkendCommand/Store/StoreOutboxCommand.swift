import ArgumentParser
import Bkend
import BkendSync
import BkendWire

struct StoreOutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "List the writes that the server hasn't confirmed.")

    @Option(help: "Only writes of one table.")
    var table: String?
    @Flag(help: "Only those that the server rejected.")
    var failed = false
    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.run { store, output in
            let entries = try await store.outbox.entries(in: failed ? .failed : nil, table: table)
            let rows = entries.map { entry -> JSONObject in
                var row: JSONObject = [
                    "entry": .int(entry.id), "state": .string(entry.state.rawValue),
                    "kind": .string(entry.kind.rawValue),
                    "table": .string(entry.table), "record": .string(entry.record),
                    "attempts": .int(Int64(entry.attempts)),
                    "madeAt": .string(entry.madeTimestamp.description), "fields": .object(entry.fields),
                ]
                row["failure"] = entry.failure.map { .string("\($0)") }
                return row
            }
            if output.isJSON {
                for row in rows { output.json(.object(row)) }
            } else {
                output.table(rows)
            }
        }
    }
}

struct StoreRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Queue rejected writes again, or creates that are unresolved.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The writes' numbers.")
    var entries: [Int64]

    func run() async throws {
        try await options.run { store, output in
            for entry in entries { try await store.outbox.retry(entry) }
            output.line(entries.count == 1 ? "queued" : "queued \(entries.count) writes")
        }
    }
}

struct StoreEditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Set or remove fields of a rejected write, or of one that wasn't sent yet.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The write's number.")
    var entry: Int64
    @Argument(help: "The fields to set as a JSON object.")
    var fields = "{}"
    @Option(help: ArgumentHelp("A field to remove; may be repeated.", valueName: "field"))
    var remove: [String] = []
    @Flag(help: "Queue a rejected write again, too.")
    var retry = false

    func run() async throws {
        try await options.run { store, output in
            let fields = try RecordInput.object(fields)
            if fields.isEmpty, remove.isEmpty { throw CommandFailure("nothing is set and nothing removed", .usage) }
            try await store.outbox.edit(entry, set: fields, removing: remove)
            // One that wasn't sent yet is queued already.
            let isRejected = try await store.outbox.entry(entry)?.state == .failed
            if retry, isRejected { try await store.outbox.retry(entry) }
            output.line(retry && isRejected ? "edited and queued" : "edited")
        }
    }
}

struct StoreDiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Give a write up, or show what that would take along.",
        discussion: "Without --yes nothing is discarded.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The write's number.")
    var entry: Int64
    @Flag(help: "Discard it.")
    var yes = false

    func run() async throws {
        try await options.run { store, output in
            let outcome =
                yes
                ? try await store.outbox.discard(entry) : try await store.outbox.consequences(ofDiscarding: entry)
            func list(_ entries: [OutboxEntry]) -> String { entries.map { "#\($0.id)" }.joined(separator: ", ") }
            output.line("\(yes ? "discarded" : "would discard") \(list(outcome.discarded))")
            if !outcome.failed.isEmpty {
                output.line(
                    "\(yes ? "rejected now" : "would be rejected"), since they name its record: \(list(outcome.failed))"
                )
            }
            if !yes { Output.note("nothing was discarded; use --yes") }
        }
    }
}

struct StoreReportsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reports", abstract: "List what synchronisation has to report, conflicts for example.")

    @Flag(help: "Acknowledge them: they aren't shown again, nor to the app.")
    var acknowledge = false
    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.run { store, output in
            let reports = try await store.outbox.reports()
            let rows = reports.map { report -> JSONObject in
                [
                    "report": .int(report.id), "kind": .string(report.kind), "table": .string(report.table),
                    "record": .string(report.record), "detail": .object(report.detail),
                ]
            }
            if output.isJSON {
                for row in rows { output.json(.object(row)) }
            } else {
                output.table(rows)
            }
            if acknowledge { for report in reports { try await store.outbox.acknowledge(report.id) } }
        }
    }
}
