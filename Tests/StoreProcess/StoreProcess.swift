import BkendSync
import BkendWire
import Foundation

/// A process that writes to a store which others write to as well, until it is done or killed.
///
/// `StoreProcess <folder> <writer> <first> <end>` makes the writes of these numbers, in order, and tells of each one
/// that returned by a line `<number> <record's id>` on its standard output. A number that is written twice, since a kill
/// came between write and line, does the same again.
///
/// `StoreProcess stop <root>` stops itself in the middle of a write to Ann's store.
///
/// `StoreProcess move <root>` takes the store that a guest has left into Ann's.
///
/// `StoreProcess lead <folder>` is a candidate for the lead of the store there; see `StoreLeader`. `StoreProcess threads
/// <folder>` is `StoreThreads`.
@main enum StoreProcess {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        if let folder = arguments.dropFirst().first {
            switch arguments.first {
            case "lead": return try await StoreLeader.run(folder)
            case "stop": return try stopInside(folder)
            case "move": return try move(folder)
            case "threads": return try await StoreThreads.run(folder)
            default: break
            }
        }
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        guard let folder = arguments.first, numbers.count == 3 else {
            throw Failure(what: "StoreProcess <folder> <writer> <first> <end>")
        }
        let store = try StoreDatabase.open(path: folder + "/store.sqlite", owner: "ann")
        var writer = try StoreWriter(store, writer: numbers[0])
        for number in numbers[1]..<numbers[2] {
            let id = try writer.write(number)
            try tell("\(number) \(id)\n")
        }
    }

    /// Stops in the middle of a write (`SIGSTOP`), and ends it once it goes on.
    private static func stopInside(_ root: String) throws {
        let place = try StoreLocation.find(root: root, name: "main", owner: "ann")
        let store = try StoreDatabase.open(path: place.path, owner: "ann")
        _ = try store.write { tx in
            _ = try tx.writes.create("notes", ["title": "stopped"])
            kill(getpid(), SIGSTOP)
        }
        try tell("written\n")
    }

    /// Moves the guest's store below a folder into Ann's, and tells how many entries that were.
    private static func move(_ root: String) throws {
        let place = try StoreLocation.find(root: root, name: "main", owner: "ann")
        let store = try StoreDatabase.open(path: place.path, owner: "ann")
        let guests = try StoreLocation.left(root: root, name: "main")
        var count = 0
        for guest in guests { count += try guest.location.move(into: store, at: place, by: "ann") }
        try tell("\(count)\n")
    }

    /// What stops the process.
    struct Failure: Error { var what: String }

    /// Writes a line at once and whole: no more than PIPE_BUF bytes go into a pipe in one piece.
    static func tell(_ line: String) throws {
        let bytes = Array(line.utf8)
        let written = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        if written != bytes.count { throw Failure(what: "nobody reads") }
    }
}
