import BkendSync
import CFaultCalls
import Foundation

/// A process that opens copies of a store while a call on its files goes wrong: another call for each copy.
///
/// `OpeningProcess <store's folder> <folder for copies> once|forever|kill <first> <step> [move]` tells of each copy by a line
/// `<call> <failures> <what came of it>`, until an opening makes fewer calls than that. A killed process tells nothing of
/// its last copy; start it again with the next call. With `move` the folder is an app's, and the store that a guest has
/// left in it goes into Ann's.
///
/// `OpeningProcess full|readonly <app's folder>` opens Ann's store there on a disk without room, or on a read-only one,
/// reads and writes, then again when the disk is well; see `unwritable`.
@main enum OpeningProcess {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "full": return try await unwritable(FAULT_CALLS_FULL, arguments[1])
        case "readonly": return try await unwritable(FAULT_CALLS_READ_ONLY, arguments[1])
        default: break
        }
        let modes = [
            "once": FAULT_CALLS_ONCE, "forever": FAULT_CALLS_FOREVER, "kill": FAULT_CALLS_KILL,
        ]
        let isMoving = arguments.last == "move"
        guard arguments.count == (isMoving ? 6 : 5), let mode = modes[arguments[2]], let first = Int64(arguments[3]),
            let step = Int64(arguments[4]), step > 0
        else { throw Failure(what: "OpeningProcess <folder> <copies> once|forever|kill <first> <step>") }
        var call = first
        while true {
            let copy = arguments[1] + "/\(call)"
            try FileManager.default.copyItem(atPath: arguments[0], toPath: copy)
            let outcome = isMoving ? move(copy, call, mode) : open(copy + "/store.sqlite", call, mode)
            // What it opened is closed by now.
            print("\(call) \(fault_calls_failures()) \(outcome)")
            fflush(nil)
            if fault_calls_count() <= call { return }
            call += step
        }
    }

    /// What stops the process.
    struct Failure: Error { var what: String }

    /// Tells, line by line: how many entries it reads; what two writes come to; the entries and the health then; and, once
    /// the disk is well, how many entries there are after a write, and the health.
    private static func unwritable(_ mode: fault_calls_mode, _ root: String) async throws {
        func open() throws -> StoreDatabase {
            let place = try StoreLocation.find(root: root, name: "main", owner: "ann")
            let store = try StoreDatabase.open(path: place.path, owner: "ann")
            place.noteLatest()
            return store
        }
        func entries(_ store: StoreDatabase) throws -> Int { try store.read { try $0.outbox.entryCount() } }
        var lines: [String] = []
        fault_calls_arm(0, mode)
        let store: StoreDatabase
        do {
            store = try open()
            lines.append("\(try entries(store))")
            for _ in 0..<2 {
                do {
                    _ = try store.write { try $0.writes.create("notes", ["title": "refused"]) }
                    lines.append("written")
                } catch { lines.append("refused") }
            }
            lines.append("\(try entries(store))")
            lines.append("\(store.health)")
        } catch {
            fault_calls_disarm()
            return print("threw \(error)")
        }
        let failures = fault_calls_failures()
        fault_calls_disarm()
        _ = try store.write { try $0.writes.create("notes", ["title": "later"]) }
        lines.append("\(try entries(store)) \(store.health)")
        print(lines.joined(separator: "\n"))
        if failures == 0 { print("nothing failed") }
        fflush(nil)
    }

    private static func move(_ root: String, _ call: Int64, _ mode: fault_calls_mode) -> String {
        fault_calls_arm(call, mode)
        defer { fault_calls_disarm() }
        do {
            let place = try StoreLocation.find(root: root, name: "main", owner: "ann")
            let store = try StoreDatabase.open(path: place.path, owner: "ann")
            var count = 0
            for guest in try StoreLocation.left(root: root, name: "main") {
                count += try guest.location.move(into: store, at: place, by: "ann")
            }
            return "moved \(count)"
        } catch {
            return "threw \(type(of: error)): \("\(error)".prefix(200).replacing("\n", with: " "))"
        }
    }

    private static func open(_ path: String, _ call: Int64, _ mode: fault_calls_mode) -> String {
        fault_calls_arm(call, mode)
        defer { fault_calls_disarm() }
        do {
            let store = try StoreDatabase.open(path: path, owner: "ann")
            fault_calls_disarm()
            guard let damage = store.damage else { return "opened" }
            return damage.isLogMissing
                ? "without-log" : "salvaged \(damage.savedEntries) \(damage.lostEntries) \(damage.isOutboxUnreadable)"
        } catch {
            return "threw \(type(of: error)): \("\(error)".prefix(200).replacing("\n", with: " "))"
        }
    }
}
