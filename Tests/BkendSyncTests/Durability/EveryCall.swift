import BkendDocuments
import FaultDisk
import Foundation
import GRDB
import Synchronization
import Testing

@testable import BkendSync

/// One operation on a store, with each of the calls that it makes of the file system failing in turn, or with the power
/// going before it.
struct EveryCall {
    private let name: String
    private let prepared: FaultDisk
    private let mayBeDoneWhenThrown: Bool
    private let step: Int
    private let operation: (StoreDatabase) throws -> Void

    /// `make damage` tries every call of every operation.
    static let isLong = ProcessInfo.processInfo.environment["BKEND_DAMAGES"] != nil

    /// - Parameters:
    ///   - step: how many calls are passed over in the short form, and one.
    ///   - mayBeDoneWhenThrown: whether it does more than one transaction, and so may fail when the one that counts is
    ///     committed.
    ///   - operation: done a second time, it must leave the store as it is, or fail.
    init(
        of name: String, on prepared: FaultDisk, step: Int = 1, mayBeDoneWhenThrown: Bool = false,
        _ operation: @escaping (StoreDatabase) throws -> Void
    ) {
        self.name = name
        self.prepared = prepared
        self.mayBeDoneWhenThrown = mayBeDoneWhenThrown
        self.step = Self.isLong ? 1 : step
        self.operation = operation
    }

    /// What the store holds before the operation, and after one that nothing disturbed.
    private func states() throws -> (before: Set<String>, after: Set<String>) {
        let states = try prepared.afterKill().withStore { store throws in
            let before = try StoreAudit.contents(store)
            try operation(store)
            return (before, try StoreAudit.contents(store))
        }
        #expect(states.0 != states.1, "\(name) does nothing")
        return states
    }

    /// Fails each call: the operation is done or leaves nothing, also if the power goes then, and succeeds when tried
    /// again.
    func fail(times: Int?) throws {
        let (before, after) = try states()
        // Another beginning for each operation, so that all together try every place.
        var call = name.utf8.reduce(0) { $0 + Int($1) } % step
        while true {
            let disk = prepared.afterKill()
            let passed = try disk.withStore { store throws in
                // A reader opened before, as in an app that runs.
                _ = try StoreAudit.contents(store)
                disk.fail(.all, after: call, times: times, seed: UInt64(call))
                var thrown: (any Error)?
                do { try operation(store) } catch { thrown = error }
                let failures = disk.failures
                disk.heal()
                if let thrown { #expect(Self.isTyped(thrown), "\(name), call \(call): \(thrown)") }
                let now = try StoreAudit.contents(store)
                let isKept = thrown == nil || mayBeDoneWhenThrown && now == after
                #expect(now == (isKept ? after : before), "\(name), call \(call): \(String(describing: thrown))")
                try judge(disk.afterPowerCut(.shredded, seed: UInt64(call)), isKept ? [after] : [before, after], call)
                if !isKept { try operation(store) }
                #expect(try StoreAudit.contents(store) == after, "\(name), call \(call), again")
                return failures == 0
            }
            if passed {
                try judge(disk.afterPowerCut(.shredded, seed: UInt64(call)), [after], call)
                break
            }
            // Failing for good says little that failing once didn't: every third call of those.
            call += times == nil ? step * 3 : step
        }
        #expect(call > 5, "\(name)")
    }

    /// Cuts the power before each call that changes the disk, in every way: the operation is found done or not begun.
    func cut() throws {
        let (before, after) = try states()
        let disk = prepared.afterKill()
        let found = Mutex<(calls: Int, images: [FaultDisk])>((0, []))
        try disk.withStore { store throws in
            try disk.observing([.write, .truncate, .sync, .delete]) { [step] _ in
                found.withLock { found in
                    for cut in FaultDisk.PowerCut.allCases {
                        found.calls += 1
                        if found.calls % step > 0 { continue }
                        found.images.append(disk.afterPowerCut(cut, seed: UInt64(found.calls)))
                    }
                }
            } during: {
                try operation(store)
            }
        }
        let images = found.withLock { $0.images }
        #expect(images.count > 1, "\(name)")
        for (number, image) in images.enumerated() { try judge(image, [before, after], number) }
    }

    /// A commit that failed while it was being synced may stand in the log, whole: then it is found after a cut.
    private func judge(_ disk: FaultDisk, _ allowed: [Set<String>], _ call: Int) throws {
        try disk.withStore { store throws in
            let found = try StoreAudit.contents(store)
            #expect(allowed.contains(found), "\(name), call \(call), after the power went")
            let faults = try StoreAudit.faults(store)
            #expect(faults == [], "\(name), call \(call), after the power went")
        }
    }

    static func isTyped(_ error: any Error) -> Bool {
        error is DatabaseError || error is StoreError || error is StorageError
    }
}
