import BkendSync
import CFaultCalls
import Foundation

/// A process that opens copies of a store while a call on its files goes wrong: another call for each copy.
///
/// `OpeningProcess <store's folder> <folder for copies> once|forever|kill <first> <step> [move]` tells of each copy by a line
/// `<call> <failures> <what came of it>`, until an opening makes fewer calls than that. A killed process tells nothing of
/// its last copy; start it again with the next call. With `move` the folder is an app's, and the store that a guest has
/// left in it goes into Ann's.
@main enum OpeningProcess {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
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
