import ArgumentParser
import BkendServer
import BkendTerminal
import BkendWire

/// `bkend-server export DIR [TABLE…]`
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write tables as JSON Lines, all of one moment; import takes them back.",
        discussion: """
            With --out each table becomes OUT/TABLE.jsonl, a record a line, and OUT/tables.json holds the definitions for
            bkend-server apply. Unless tables are named, OUT/files.jsonl and OUT/files/ hold the environment's files. Without
            --out one table goes to standard output. Safe while a server runs on the folder.
            """)

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The tables; all when none is named.")
    var tables: [String] = []
    @OptionGroup var environment: EnvironmentOptions
    @Option(help: "The folder for the files; made when it isn't there. Nothing in it is overwritten.")
    var out: String?
    @Flag(help: "Leave out the environment's files, and export its tables alone.")
    var withoutFiles = false

    func validate() throws {
        guard out != nil || tables.count == 1 else {
            throw ValidationError("give --out, or name the one table that goes to standard output")
        }
        guard out != nil || !folder.json else { throw ValidationError("--json goes with --out") }
    }

    func run() async throws {
        try await reportingFailure {
            let data = try folder.open()
            let name = try environment.name(in: data)
            let store = try data.store(of: name)
            let terminal = Terminal.present()
            // Where lines are seen as they come, they are progress enough.
            var progress = ProgressBar(isShown: terminal.showsProgress && (out != nil || terminal.columns == nil))
            defer { progress.end() }
            guard let out else {
                _ = try store.export(tables[0], to: 1) { progress.show($0, of: $1, "records") }
                return
            }
            let exported = try store.export(tables, to: out) { progress.show($0, of: $1, "records") }
            let files =
                tables.isEmpty && !withoutFiles
                ? try await data.exportFiles(of: name, to: out) { progress.show($0, of: $1, "bytes of files") } : nil
            progress.end()
            if folder.json {
                let entry: JSONObject? = files.map {
                    [
                        "table": "files", "records": .int(Int64($0.files)), "file": .string($0.records),
                        "bytes": .int(Int64($0.bytes)), "missing": .array($0.missing.map(JSON.string)),
                    ]
                }
                StandardOutput.json(
                    exported.map {
                        [
                            "table": .string($0.name), "records": .int(Int64($0.records)),
                            "file": $0.file.map(JSON.string) ?? .null, "bytes": .int(Int64($0.bytes)),
                        ]
                    } + (entry.map { [$0] } ?? []))
            } else {
                let files = files.map { [["files", "\($0.files)", $0.records]] } ?? []
                StandardOutput.table(
                    ["TABLE", "RECORDS", "FILE"],
                    exported.map { [$0.name, "\($0.records)", $0.file ?? ""] } + files)
            }
            guard let missing = files?.missing, !missing.isEmpty else { return }
            throw OperatorError(
                "the bytes of \(missing.count) files aren't there: \(missing.prefix(5).joined(separator: ", "))"
                    + (missing.count > 5 ? " …" : "") + "; the rest was exported")
        }
    }
}
