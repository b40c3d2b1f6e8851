import BkendSync
import BkendWire
import Foundation
import Testing

/// Moments in the status are dates of the device's clock, though the engine has a clock of its own.
@Suite struct StatusDateTests {
    @Test("The engine waits until a date, which stays the same while it waits")
    func waiting() throws {
        let device = try ScriptedDevice(try ScriptedServer())
        _ = try device.start(knowing: 1)
        device.fate = { _ in .answer(SyncAnswer(status: 503, retryAfter: .seconds(30))) }
        let before = device.environment.now().date
        try device.write { _ = try $0.writes.create("notes", ["n": 1]) }
        try device.run(for: .seconds(1))
        guard case .waiting(let until) = device.machine.status.state else {
            Issue.record("\(device.machine.status.state)")
            return
        }
        // The fixture's clock goes on by a second whenever it is read.
        #expect((30...120).contains(until.timeIntervalSince(before)))
        device.tell(.localWrite)
        #expect(device.machine.status.state == .waiting(until: until))
    }
}
