import ArgumentParser
import BkendServer
import BkendTerminal
import BkendWire

/// `bkend-server check DIR`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look for damage: SQLite's checks, and the server's own promises.",
        discussion: """
            Reads every record and index entry of every environment, changes nothing, and may run while a server does.
            Where files are in a bucket, it compares their names and sizes with the bucket's list, and needs the credentials
            that the server has.
            Exit status 1 when something was found.
            """)

    @OptionGroup var folder: FolderOptions

    func run() async throws {
        try await reportingFailure {
            let output = CheckReport(asJSON: folder.json)
            let (databases, records) = try FolderCheck(
                folder.directory, progress: { output.show(records: $0, in: $1) }, report: { output.add($0) }
            ).run()
            try await BucketCheck(folder.directory, report: { output.add($0) })?.run()
            output.end(databases: databases, records: records)
            if output.count > 0 { throw ExitCode(1) }
        }
    }
}

/// What a check prints, each finding as it is found.
private final class CheckReport {
    private var list: FindingList
    private var progress = ProgressBar(isShown: Terminal.present().showsProgress)
    private let asJSON: Bool

    init(asJSON: Bool) {
        self.asJSON = asJSON
        list = FindingList(name: "findings", asJSON: asJSON)
    }

    var count: Int { list.count }

    /// Shows how far the check is.
    func show(records: Int, in file: String) {
        progress.show(share: records, of: nil, "\(records) records, \(file)")
    }

    func add(_ finding: FolderFinding) {
        progress.end()
        list.add(finding.json) {
            let place = [finding.file, finding.table.map { "table \($0)" }, finding.id.map { "record \($0)" }]
            return "\(finding.kind.rawValue): \(place.compactMap(\.self).joined(separator: ", ")): \(finding.message)"
        }
    }

    func end(databases: Int, records: Int) {
        progress.end()
        list.end(["databases": .int(Int64(databases)), "records": .int(Int64(records))])
        if !asJSON { StandardOutput.line("\(databases) databases, \(records) records: \(count) findings") }
    }
}
