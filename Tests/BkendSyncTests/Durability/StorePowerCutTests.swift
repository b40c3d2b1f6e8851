import BkendWire
import FaultDisk
import Synchronization
import Testing

@testable import BkendSync

@Suite struct StorePowerCutTests {
    /// A disk as found after a cut, and how many writes had returned before.
    private typealias Image = (disk: FaultDisk, returned: Int, seed: UInt64)

    /// Cuts the power before every sync and before some other calls, while an app and the engine write.
    @Test(
        "Wherever the power goes, every write that returned is there with its entry, and nothing by halves",
        arguments: FaultDisk.PowerCut.allCases)
    func whereverPowerGoes(
        cut: FaultDisk.PowerCut
    ) throws {
        let disk = FaultDisk()
        let images = Mutex<[Image]>([])
        let calls = Mutex<(number: UInt64, returned: Int)>((0, 0))
        var writes = StoreWrites(seed: 5)
        var checked = 0
        var kinds: Set<OutboxEntry.State> = []
        try disk.withStore { store throws in
            try store.checkpointOften()
            var states = [try StoreAudit.contents(store)]
            try disk.observing([.write, .truncate, .sync, .delete]) { call in
                let (number, returned) = calls.withLock { calls in
                    calls.number += 1
                    return calls
                }
                guard call == .sync || number % 9 == 0 else { return }
                let image = (disk.afterPowerCut(cut, seed: number), returned, number)
                images.withLock { $0.append(image) }
            } during: {
                for _ in 0..<50 {
                    do {
                        try store.write { try writes.write($0) }
                    } catch is StoreWrites.TakenBack {}
                    let faults = try StoreAudit.faults(store)
                    #expect(faults == [])
                    states.append(try StoreAudit.contents(store))
                    calls.withLock { $0.returned += 1 }
                    kinds.formUnion(try store.read { try $0.outbox.entries().map(\.state) })
                    let taken = images.withLock { images in
                        defer { images = [] }
                        return images
                    }
                    for image in taken { try check(image, states) }
                    checked += taken.count
                }
            }
            #expect(Set(states).count > 30)
        }
        #expect(checked > 80)
        #expect(kinds.isSuperset(of: [.queued, .inFlight, .failed]))
    }

    private func check(_ image: Image, _ states: [Set<String>]) throws {
        try image.disk.withStore { store throws in
            let allowed = states[image.returned...min(image.returned + 1, states.count - 1)]
            let found = try StoreAudit.contents(store)
            #expect(allowed.contains(found), "seed \(image.seed), after \(image.returned) writes")
            let faults = try StoreAudit.faults(store)
            #expect(faults == [], "seed \(image.seed), after \(image.returned) writes")
            // And life goes on.
            let id = try store.write { try $0.writes.create("notes", ["title": "later"]) }
            #expect(try store.read { try $0.outbox.entries(of: "notes", id).count } == 1)
        }
    }

    @Test("A store that was being made when the power went opens as a new one", arguments: FaultDisk.PowerCut.allCases)
    func storeBeingMade(cut: FaultDisk.PowerCut) throws {
        let disk = FaultDisk()
        let images = Mutex<[FaultDisk]>([])
        try disk.observing([.write, .truncate, .sync, .delete]) { _ in
            for seed in 0..<2 {
                let image = disk.afterPowerCut(cut, seed: UInt64(seed))
                images.withLock { $0.append(image) }
            }
        } during: {
            try disk.withStore { _ in }
        }
        let found = images.withLock { $0 }
        #expect(found.count > 20)
        for image in found {
            try image.withStore { store throws in
                _ = try store.write { try $0.writes.create("notes", ["title": "first"]) }
                let faults = try StoreAudit.faults(store)
                #expect(faults == [])
                #expect(try store.read { try $0.outbox.entryCount() } == 1)
            }
        }
    }
}
