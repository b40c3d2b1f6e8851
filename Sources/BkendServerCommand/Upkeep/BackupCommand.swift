import ArgumentParser
import BkendServer
import BkendTerminal
import BkendWire

/// `bkend-server backup DIR FILE`
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write the whole folder into one tar file, also while a server runs.",
        discussion: """
            Unpacked into an empty folder (mkdir restored && tar xf FILE -C restored) it is a data folder. The file holds
            records, password hashes and signing keys: keep it as safe as the folder. It needs room for the largest
            environment twice while it is made.
            """)

    @OptionGroup var folder: FolderOptions
    @Argument(help: "The file; nothing is overwritten.")
    var file: String

    func run() async throws {
        try await reportingFailure {
            var progress = ProgressBar(isShown: Terminal.present().showsProgress)
            defer { progress.end() }
            let summary = try folder.open().backup(to: file, now: .systemNow) { bytes, all in
                progress.show(share: bytes, of: all, "\(bytes >> 20) of about \(all >> 20) MiB")
            }
            progress.end()
            for name in summary.leftOut {
                StandardError.line("bkend-server: \(name) was left out: it is a link, or no file for another reason")
            }
            if let elsewhere = summary.elsewhere {
                StandardError.line("bkend-server: the bytes of files are in \(elsewhere), and not in this archive")
            }
            if folder.json {
                StandardOutput.json([
                    "file": .string(file), "bytes": .int(Int64(summary.bytes)),
                    "filesIn": summary.elsewhere.map(JSON.string) ?? .null,
                    "environments": .array(summary.environments.map(JSON.string)),
                    "leftOut": .array(summary.leftOut.map(JSON.string)),
                ])
            } else {
                StandardOutput.line(
                    "\(file): \(summary.bytes) bytes, environments \(summary.environments.joined(separator: ", "))")
            }
        }
    }
}
