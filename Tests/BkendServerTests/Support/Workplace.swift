import BkendWire
import Foundation
import Testing

/// A data folder that commands work on, with a place for files beside it.
struct Workplace {
    let path: String
    var folder: String { path + "/data" }
    let publishable: String
    let secret: String

    /// Makes one, runs a body, and removes it.
    static func with(_ body: (Workplace) async throws -> Void) async throws {
        try await withFolder { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let keys = try CommandTests.keys(try await CommandRun.run("init", path + "/data"))
            try await body(Workplace(path: path, publishable: keys.publishable, secret: keys.secret))
        }
    }

    /// A file beside the folder.
    func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Applies tables, as a command.
    @discardableResult
    func apply(_ json: JSON, _ more: String...) async throws -> CommandRun {
        let file = try file("tables.json", json.serialized())
        return try await CommandRun.run(["apply", folder, file] + more)
    }

    /// Runs `bkend-server COMMAND… FOLDER ARGUMENTS… --json`, and gives what it printed.
    func json(_ command: [String], _ arguments: String..., status: Int32 = 0) async throws -> JSON {
        let run = try await CommandRun.run(command + [folder] + arguments + ["--json"])
        #expect(run.status == status, "\(run.errors)")
        return try run.json
    }
}
