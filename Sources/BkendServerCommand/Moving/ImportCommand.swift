import ArgumentParser
import BkendServer
import BkendWire
import Foundation

/// `bkend-server import DIR TABLE FILE…`
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Put exported records into a table; they keep id, createdBy and dates.",
        discussion: """
            FILE holds pages {"success":true,"data":{"items":[…]}} or {"items":[…]}, arrays, or JSON Lines; - reads
            standard input. Each batch is one transaction: an import that was interrupted may be repeated, what is there
            already with the same content is passed over. Safe while a server runs on the folder.

            The table files stands for files: FILE holds pages of /v1/files, or files.jsonl of an export, and --bytes is the
            folder of their bytes.

            Exit status: 0 when every record is there, 1 when some were rejected, 65 when a file could not be followed to
            its end.
            """)

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The table.")
    var table: String
    @Argument(help: "The files; - is standard input.")
    var files: [String]
    @OptionGroup var environment: EnvironmentOptions
    @Flag(help: "Infer the definition of a table that isn't there yet, print it, and stop (go on with --yes).")
    var infer = false
    @Flag(help: "With --infer: make the table and import.")
    var yes = false
    @Option(
        help: ArgumentHelp("With the table files: the folder of the files' bytes.", valueName: "folder"))
    var bytes: String?
    @Option(
        name: .customLong("map-urls"),
        help: ArgumentHelp(
            "Change addresses of files that are here: OLD=NEW, where a key follows OLD; may be repeated.",
            valueName: "old=new"))
    var mapURLs: [String] = []
    @Option(help: "What to do with a record that is there with other content: reject, skip, replace or newer.")
    var onConflict = ImportConflict.reject
    @Option(help: "Where rejected records go, with reasons; TABLE.rejects.jsonl when left out.")
    var rejects: String?
    @Option(help: "How many records go into one transaction.")
    var batch = 1_000
    @Option(help: "The largest record as it is stored; a larger one is rejected. As for serve.")
    var recordLimit = SizeOption(bytes: ServerLimits.anyRecord)
    @Flag(help: "Give absent fields the defaults of the schema.")
    var fillDefaults = false
    @Flag(
        name: .customLong("new-ids"), help: "Give records without an id a new one; a repeat then makes them again.")
    var newIDs = false
    @Flag(help: "Take files for JSON Lines, whatever they begin with.")
    var lines = false
    @Flag(help: "Show no progress.")
    var quiet = false

    /// Whether it is files that are imported, and no table.
    private var isOfFiles: Bool { table == "files" }

    func validate() throws {
        guard isOfFiles == (bytes != nil) else {
            throw ValidationError("--bytes FOLDER goes with the table files, and the table files with --bytes FOLDER")
        }
        guard !isOfFiles || mapURLs.isEmpty && !infer && !newIDs && !fillDefaults && onConflict == .reject else {
            throw ValidationError(
                "the table files takes no --map-urls, --infer, --new-ids, --fill-defaults and --on-conflict")
        }
        guard !files.isEmpty else { throw ValidationError("name at least one file, or - for standard input") }
        guard (1...100_000).contains(batch) else { throw ValidationError("--batch is a number from 1 to 100000") }
        guard recordLimit.bytes <= ServerLimits.anyRecord else {
            throw ValidationError("--record-limit is at most 16M")
        }
        guard !yes || infer else { throw ValidationError("--yes goes with --infer") }
        guard !infer || !files.contains("-") else {
            throw ValidationError("--infer reads the files twice; save standard input to a file first")
        }
        // However the paths are spelt, and through links: the file of rejects is written anew.
        func place(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        guard !files.map(place).contains(place(rejectsPath)) else {
            throw ValidationError("\(rejectsPath) is one of the files; give another with --rejects")
        }
    }

    private var rejectsPath: String { rejects ?? "\(table).rejects.jsonl" }

    func run() async throws {
        try await reportingFailure {
            if let bytes { return try await importFiles(bytes) }
            let store = try environment.store(in: try folder.open())
            guard try prepare(store) else { return }
            var options = ImportOptions()
            options.batch = batch
            options.recordBytes = recordLimit.bytes
            options.conflict = onConflict
            options.fillsDefaults = fillDefaults
            options.makesIDs = newIDs
            options.isLines = lines
            options.addresses = mapURLs.isEmpty ? nil : try AddressMap(mapURLs)
            try run(store, options)
        }
    }

    /// Sees to it that the table is there; false when the definition was only shown.
    private func prepare(_ store: EnvironmentStore) throws -> Bool {
        let exists = try store.tables().contains { $0.name == table }
        guard infer else {
            if exists { return true }
            throw OperatorError(
                "there is no table \(table): make it with bkend-server apply, or let --infer derive it from the records",
                .missing
            )
        }
        if exists { throw OperatorError("the table \(table) is there already; import without --infer", .present) }
        var inference = SchemaInference()
        let progress = ImportProgress(isShown: !quiet, verb: "looked at")
        for file in files {
            try inference.look(at: file, isLines: lines) { progress.show(file, $0, bytes: $1, of: $2) }
        }
        progress.end(inference.records)
        let definitions: JSONObject = ["tables": [.object(inference.definition(name: table).json)]]
        guard yes else {
            StandardOutput.line(folder.json ? definitions.description : definitions.indented)
            StandardError.line(
                "inferred from \(inference.records) records, nothing was changed: review it, above all the permissions, "
                    + "then bkend-server apply it, or repeat with --yes")
            return false
        }
        _ = try store.apply(.object(definitions))
        return true
    }

    private func run(_ store: EnvironmentStore, _ options: ImportOptions) throws {
        let progress = ImportProgress(isShown: !quiet)
        let rejections = try Rejections(rejectsPath, progress)
        var records = RecordImport(into: table, of: store, options, reject: rejections.add)
        defer { end(records.counts, progress, rejections) }
        for file in files {
            try records.run(file) { progress.show(file, $0.read, bytes: $1, of: $2) }
        }
        try tell(records.counts)
    }

    private func importFiles(_ bytes: String) async throws {
        let data = try folder.open()
        let progress = ImportProgress(isShown: !quiet)
        let rejections = try Rejections(rejectsPath, progress)
        var records = try FileImport(
            into: try environment.name(in: data), of: data, bytes: bytes, reject: rejections.add)
        defer { end(records.counts, progress, rejections) }
        for file in files {
            try await records.run(file, isLines: lines) { progress.show(file, $0.read, bytes: $1, of: $2) }
        }
        try tell(records.counts)
    }

    private func end(_ counts: ImportCounts, _ progress: ImportProgress, _ rejections: Rejections) {
        progress.clear()
        if rejections.file.exists {
            StandardError.line("\(counts.rejected) records were rejected; see \(rejections.file.path)")
        }
        progress.end(counts.read)
        if folder.json { StandardOutput.json(summary(counts, rejections.file)) }
    }

    private func tell(_ counts: ImportCounts) throws {
        if !folder.json {
            let counts = counts.json.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            StandardOutput.line("table \(table): \(counts)")
        }
        if counts.rejected > 0 { throw ExitCode(1) }
    }

    private func summary(_ counts: ImportCounts, _ rejectFile: RejectFile) -> JSONObject {
        var json: JSONObject = ["table": .string(table)]
        for (name, value) in counts.json { json[name] = value }
        json["rejects"] = rejectFile.exists ? .string(rejectFile.path) : .null
        return json
    }
}

/// Where rejected records go: all to a file, the first ones to standard error too.
private final class Rejections {
    let file: RejectFile
    private let progress: ImportProgress
    private var shown = 0

    init(_ path: String, _ progress: ImportProgress) throws {
        file = try RejectFile(path)
        self.progress = progress
    }

    func add(_ rejected: RejectedRecord) throws {
        try file.add(rejected)
        shown += 1
        if shown <= 5 {
            progress.clear()
            StandardError.line("rejected: \(rejected.file), byte \(rejected.offset): \(rejected.reason)")
        }
    }
}

extension ImportConflict: ExpressibleByArgument {}
