import ArgumentParser
import Bkend
import Foundation

/// A subcommand: it opens the device, does its work, and closes it.
protocol NotebookCommand: AsyncParsableCommand {
    var command: OfflineNotesCommand { get }
    func run(_ notebook: Notebook) async throws
}

extension NotebookCommand {
    mutating func run() async throws {
        // The parser would print `localizedDescription`, which is for the users of an app; who reads a terminal wants to
        // know which note, which key, which address.
        do { try await runOnDevice() } catch let error as any LocalizedError { throw NotebookError("\(error)") }
    }

    private func runOnDevice() async throws {
        let notebook = try await Notebook.open(command.device)
        do { try await run(notebook) } catch {
            await notebook.close()
            throw error
        }
        await notebook.close()
    }

    /// Prints a line at once, also where standard output is a file or a pipe.
    func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
