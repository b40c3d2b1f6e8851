import CFaultVFS
import Foundation

/// A disk in memory that SQLite uses under a name of its own, and that loses power or fails where it is told to.
///
/// It keeps POSIX's promises and no others (`Tests/CFaultVFS/include/fault_vfs.h`). Close every connection before the
/// last reference goes.
package final class FaultDisk: @unchecked Sendable {  // the disk guards itself by a mutex
    /// The name of its VFS.
    package let name: String
    private let disk: OpaquePointer

    private init(named: (String) -> OpaquePointer?) {
        name = "fault-" + UUID().uuidString
        guard let made = named(name) else { fatalError("no memory for a disk") }
        disk = made
    }

    /// An empty disk.
    package convenience init() { self.init { fault_disk_create($0) } }

    deinit {
        guard fault_disk_destroy(disk) else { fatalError("a connection is still open on the disk \(name)") }
    }

    /// What a power cut does to writes that were not synced.
    package enum PowerCut: CaseIterable, Sendable {
        /// Each sector keeps its writes up to some moment, another one for each sector.
        case ordered
        /// Any of them are kept, in any order.
        case reordered
        /// As ordered, and what was being written holds noise.
        case shredded
    }

    /// The disk as it is found after the power went now; this one goes on.
    package func afterPowerCut(_ cut: PowerCut, seed: UInt64) -> FaultDisk {
        let mode: fault_cut =
            switch cut {
            case .ordered: FAULT_CUT_ORDERED
            case .reordered: FAULT_CUT_REORDERED
            case .shredded: FAULT_CUT_SHREDDED
            }
        return FaultDisk { fault_disk_cut(disk, $0, mode, seed) }
    }

    /// The disk as a killed process leaves it: everything written is there.
    package func afterKill() -> FaultDisk {
        FaultDisk { fault_disk_cut(disk, $0, FAULT_CUT_NOTHING, 0) }
    }

    /// Kinds of calls.
    package struct Calls: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let open = Calls(rawValue: FAULT_OPEN.rawValue)
        package static let read = Calls(rawValue: FAULT_READ.rawValue)
        package static let write = Calls(rawValue: FAULT_WRITE.rawValue)
        package static let truncate = Calls(rawValue: FAULT_TRUNCATE.rawValue)
        package static let sync = Calls(rawValue: FAULT_SYNC.rawValue)
        package static let size = Calls(rawValue: FAULT_SIZE.rawValue)
        package static let delete = Calls(rawValue: FAULT_DELETE.rawValue)
        package static let access = Calls(rawValue: FAULT_ACCESS.rawValue)
        package static let lock = Calls(rawValue: FAULT_LOCK.rawValue)
        package static let sharedMemory = Calls(rawValue: FAULT_SHM_MAP.rawValue)
        package static let sharedLock = Calls(rawValue: FAULT_SHM_LOCK.rawValue)
        package static let all = Calls(rawValue: 2047)
    }

    /// Fails calls of some kinds, the one after `after` others first.
    /// - Parameters:
    ///   - times: How many fail; nil: all from then on.
    ///   - code: What SQLite is told; nil: the kind's own `SQLITE_IOERR_…`.
    package func fail(_ calls: Calls, after: Int, times: Int? = 1, code: Int32? = nil, seed: UInt64 = 0) {
        fault_disk_fail(disk, calls.rawValue, Int64(after), Int64(times ?? -1), code ?? 0, seed)
    }

    /// Ends the failures, and counts calls of some kinds from now on.
    package func heal(counting calls: Calls = .all) { fault_disk_heal(disk, calls.rawValue) }

    /// Calls counted since the last `fail` or `heal`.
    package var calls: Int { Int(fault_disk_calls(disk)) }

    /// Calls that failed since then.
    package var failures: Int { Int(fault_disk_failures(disk)) }

    /// A file's size; nil if there is none of that name.
    package func size(of path: String) -> Int? {
        let size = fault_disk_size(disk, path)
        return size < 0 ? nil : Int(size)
    }

    /// How much was written to a file and not synced; nil if there is none of that name.
    package func unsynced(of path: String) -> Int? {
        let size = fault_disk_unsynced(disk, path)
        return size < 0 ? nil : Int(size)
    }

    /// Puts other bytes in the place of some of a file's.
    package func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) {
        precondition(fault_disk_overwrite(disk, path, Int64(offset), bytes, Int64(bytes.count)), "no such place")
    }

    /// Cuts a file's end off.
    package func cutOff(_ path: String, to size: Int) {
        precondition(fault_disk_cut_off(disk, path, Int64(size)), "no such place")
    }

    /// Takes a file away.
    package func remove(_ path: String) {
        precondition(fault_disk_remove(disk, path), "no such file")
    }

    private final class Observer {
        let body: @Sendable (Calls) -> Void
        init(_ body: @escaping @Sendable (Calls) -> Void) { self.body = body }
    }

    /// Runs `body` with a function called before every call of some kinds, on the calling thread; it may cut the disk.
    package func observing<Result>(
        _ calls: Calls, _ observer: @escaping @Sendable (Calls) -> Void, during body: () throws -> Result
    ) rethrows -> Result {
        let box = Observer(observer)
        return try withExtendedLifetime(box) {
            fault_disk_observe(
                disk, calls.rawValue,
                { context, call in
                    guard let context else { return }
                    Unmanaged<Observer>.fromOpaque(context).takeUnretainedValue().body(Calls(rawValue: call.rawValue))
                }, Unmanaged.passUnretained(box).toOpaque())
            defer { fault_disk_observe(disk, 0, nil, nil) }
            return try body()
        }
    }
}
