import ArgumentParser
import Bkend
import Foundation

/// A subcommand: it opens the device, does its work, and closes it.
package protocol DeviceCommand: AsyncParsableCommand {
    var options: DeviceOptions { get }
    func run(on device: Device) async throws
}

extension DeviceCommand {
    package mutating func run() async throws {
        // The parser would print `localizedDescription`, which is for the users of an app; who reads a terminal wants to
        // know which record, which key, which address.
        do { try await runOnDevice() } catch let error as any LocalizedError { throw SampleError("\(error)") }
    }

    private func runOnDevice() async throws {
        let device = try await Device.open(options)
        do { try await run(on: device) } catch {
            await device.close()
            throw error
        }
        await device.close()
    }
}

/// Prints a line at once, also where standard output is a file or a pipe.
package func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// A number with its noun: `1 note`, `2 notes`.
package func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

extension SyncState {
    /// What a screen would show as a symbol: nothing for a record that the server has.
    package var mark: String {
        switch self {
        case .synced: ""
        case .pending: " (pending)"
        // The server said no: see `outbox`.
        case .failed: " (rejected)"
        // The server may or may not have it: see `outbox`.
        case .unresolved: " (unresolved)"
        }
    }
}
