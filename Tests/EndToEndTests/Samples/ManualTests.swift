import BkendWire
import Foundation
import Testing

/// What a release installs beside the built `bkend`: its second name, manual pages, completions.
@Suite(.timeLimit(.minutes(10))) struct ManualTests {
    private static let hasPython =
        FileManager.default.isExecutableFile(atPath: "/usr/bin/env")
        && (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .contains { FileManager.default.isExecutableFile(atPath: "\($0)/python3") }

    @Test("One executable is both commands, by its name, and each says the version")
    func names() async throws {
        try await withFolder { folder in
            for name in ["bkend", "bkend-server", "another"] {
                let link = folder.appending(path: name)
                try FileManager.default.createSymbolicLink(
                    at: link, withDestinationURL: SampleProcess.folder.appending(path: "bkend"))
                let run = try await SampleProcess.run(link, ["--version"], in: folder)
                let command = name == "bkend-server" ? name : "bkend"
                #expect(run.status == 0 && run.output == "\(command) \(PackageVersion.current)\n")
            }
            let alone = try await SampleProcess.run("bkend-server", ["--version"])
            #expect(alone.output == "bkend-server \(PackageVersion.current)\n")
        }
    }

    @Test(
        "The manual has each command, option and exit status, and no mistake",
        .enabled(if: hasPython, "Scripts/manual needs python3"))
    func pages() async throws {
        try await withFolder { folder in
            let script = SampleProcess.package.appending(path: "Scripts/manual")
            let made = try await SampleProcess.run(
                script, [SampleProcess.folder.appending(path: "bkend").path, folder.path], in: folder)
            #expect(made.status == 0, "\(made.output)")
            for name in ["bkend", "bkend-server"] {
                let page = try String(contentsOf: folder.appending(path: "\(name).1"), encoding: .utf8)
                let link = folder.appending(path: name)
                try FileManager.default.createSymbolicLink(
                    at: link, withDestinationURL: SampleProcess.folder.appending(path: "bkend"))
                let dump = try await SampleProcess.run(link, ["--experimental-dump-help"], in: folder).output
                let help = try JSONDecoder().decode(Help.self, from: Data(dump.utf8))
                let leaves = help.command.leaves("")
                #expect(leaves.count > 10)
                for (path, command) in leaves {
                    #expect(page.contains("\n.Ss \(path)\n"))
                    for option in command.arguments ?? [] where option.kind != "positional" {
                        for flag in option.names ?? [] where flag.kind == "long" {
                            #expect(page.contains("Fl -\(flag.name)"), "\(path) --\(flag.name)")
                        }
                    }
                }
                #expect(page.contains("\n.Os bkend-swift \(PackageVersion.current)\n"))
                #expect(page.contains("\n.Sh EXIT STATUS\n") && page.contains("\n.It 64\n"))
                for file in ["\(name).bash", "_\(name)", "\(name).fish"] {
                    let script = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                    #expect(leaves.allSatisfy { script.contains($0.path.split(separator: " ").last ?? "?") })
                }
                // A Debian without mandoc checks it in the next release.
                let mandoc = URL(filePath: "/usr/bin/mandoc")
                guard FileManager.default.isExecutableFile(atPath: mandoc.path) else { continue }
                let lint = try await SampleProcess.run(
                    mandoc, ["-T", "lint", "-W", "warning", "\(name).1"], in: folder)
                #expect(lint.output.isEmpty, "\(lint.output)")
            }
        }
    }

    /// What `--experimental-dump-help` prints.
    private struct Help: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        struct Argument: Decodable {
            var kind: String
            var names: [Name]?
        }
        struct Command: Decodable {
            var commandName: String
            var arguments: [Argument]?
            var subcommands: [Command]?

            func leaves(_ path: String) -> [(path: String, command: Command)] {
                let path = path.isEmpty ? commandName : "\(path) \(commandName)"
                let commands = (subcommands ?? []).filter { $0.commandName != "help" }
                return commands.isEmpty ? [(path, self)] : commands.flatMap { $0.leaves(path) }
            }
        }
        var command: Command
    }
}
