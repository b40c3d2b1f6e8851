import BkendSync
import BkendWire

/// Devices, network and server under one clock, and the checker that looks at them after every event. It does nothing
/// by itself but answer and deliver; what the people do comes from a plan or a script.
package final class World {
    /// What can happen.
    enum Event {
        case deliver(Delivery)
        case answer(device: Int, incarnation: Int, RequestID, SyncResponse)
        case timer(device: Int, incarnation: Int, wake: Int)
        case committed(device: Int, incarnation: Int)
        case restart(device: Int, incarnation: Int)
        case diskHasRoom(device: Int, filling: Int)
        case refreshArrives(device: Int, incarnation: Int, token: String, Fate)
        case refreshed(device: Int, incarnation: Int, token: String?, RefreshFate)
        case refreshAgain(device: Int, incarnation: Int, token: String)
        case step(Int)
    }

    /// The moment, in milliseconds since the beginning.
    package private(set) var now: Int64 = 0
    /// The server.
    package var server = ServerModel()
    /// The devices.
    package private(set) var devices: [SimulatedDevice] = []
    /// What befalls requests.
    package var profile = FaultProfile()
    /// What befalls requests about files besides.
    package var fileTrouble = FileTrouble()
    /// Fates for the next requests of a kind, before the profile's.
    package var script: [ScriptedFate] = []
    /// What was done and seen.
    package var trace: Trace
    /// How engines are set up.
    package var configuration: SyncConfiguration
    /// A fault planted from outside.
    package var planted: PlantedFault
    /// Faults that were struck, by name.
    package internal(set) var struck: [String] = []
    /// Faults that a shrinking run leaves out.
    package var spared: Set<String> = []
    /// The events handled.
    package private(set) var steps = 0
    /// The requests sent.
    package internal(set) var requests = 0
    /// Whether a stranger waits for bytes whose key it then registers.
    var strangerWaits = false
    /// How many files the server has made of attachments.
    package internal(set) var registered = 0
    /// What the server did for each entry of each device.
    var applied = AppliedWrites()
    /// When the last copy of a request arrives.
    var lastDelivery: Int64 = 0
    /// Answers that a broken proxy keeps back, by device.
    var swapping: [Int: (Delivery, SyncResponse)] = [:]
    /// Writes that the network has copied.
    var copies: Set<AppliedWrites.Key> = []
    /// Entries that went from a guest's store into a user's: which became which.
    var moved: [AppliedWrites.Key: AppliedWrites.Key] = [:]
    /// When permissions, schemas or data of the server last changed in other ways than by writes.
    package var serverChangedRules: Int64 = -1_000_000
    /// When a table last answered as if it were empty.
    package var serverWasEmptied: Int64 = -1_000_000
    /// When it answered so the time before.
    package var serverWasEmptiedBefore: Int64 = -1_000_000
    /// More requests than this in a minute are a loop.
    package var requestLimit = 400
    /// How often the answer to a refresh is lost, beside what the profile does.
    package var refreshLoss = 0.0
    /// The longest that the sync of a transaction takes, in milliseconds; each takes its own time.
    package var slowestCommit: Int64 = 0
    /// Whether nothing but writes changes what the server lists, so that pulls must bring everything.
    package var mayCheckPulls = false
    /// After how many transactions a device is looked at: after each one, unless its outbox is so long that reading it
    /// every time would take minutes.
    package var inspectionInterval = 1
    /// Where a plan's steps are carried out.
    var perform: ((Int) throws -> Void)?

    let chance: Chance
    /// More events than this are too many.
    package var stepLimit = 500_000
    /// How many events one moment has had.
    private var crowd = (at: Int64(-1), count: 0)
    private var queue = EventQueue<Event>()

    /// A world without devices.
    package init(
        seed: UInt64, planted: PlantedFault = .none, recording: Bool = true,
        listener: (@Sendable (String) -> Void)? = nil
    ) {
        chance = Chance(seed: seed)
        trace = Trace(isRecording: recording, listener: listener)
        configuration = SyncConfiguration(server: "simulation")
        self.planted = planted
    }

    /// Adds a device whose store belongs to a user, signed in; it isn't started.
    ///
    /// - Parameter hasFiles: whether it has a folder for files.
    @discardableResult
    package func addDevice(owner: String, hasFiles: Bool = false) throws -> SimulatedDevice {
        let number = devices.count
        let environment = DeviceEnvironment(random: chance.sequence("device \(number)"))
        let device = try SimulatedDevice(
            number: number, owner: owner, environment: environment, files: hasFiles ? DeviceFiles() : nil)
        devices.append(device)
        if !owner.isEmpty {
            if !server.users.contains(owner) { server.users.append(owner) }
            signIn(device)
        }
        return device
    }

    func schedule(_ event: Event, at moment: Int64) { queue.add(event, at: max(moment, now)) }

    /// Handles events up to a moment, which is then the present one.
    package func run(until moment: Int64) throws {
        while let next = queue.next, next <= moment, let (at, event) = queue.take() {
            now = at
            try handle(event)
        }
        now = max(now, moment)
    }

    /// Handles events for so many milliseconds.
    package func run(for milliseconds: Int64) throws { try run(until: now + milliseconds) }

    /// Whether a step of the plan is still to come.
    package func runStep() throws -> Bool {
        guard let (at, event) = queue.take() else { return false }
        now = at
        try handle(event)
        return true
    }

    private func handle(_ event: Event) throws {
        steps += 1
        crowd = now == crowd.at ? (now, crowd.count + 1) : (now, 0)
        if crowd.count > 2_000 || steps > stepLimit { throw Violation(.liveness, "something runs in circles") }
        switch event {
        case .deliver(let delivery): try deliver(delivery)
        case .answer(let number, let incarnation, let id, let response):
            let device = devices[number]
            guard device.incarnation == incarnation, device.outstanding.remove(id) != nil else { return }
            if case .answered(let answer) = response, (200...299).contains(answer.status), answer.isJSON {
                device.announcedGrace = server.sessions.grace
            }
            note("d\(number) \(id) ← \(Trace.text(response))")
            try tell(device, .answered(id, response))
        case .timer(let number, let incarnation, let wake):
            let device = devices[number]
            guard device.incarnation == incarnation, device.wakeNumber == wake else { return }
            try tell(device, .timer)
        case .committed(let number, let incarnation):
            if devices[number].incarnation == incarnation { try committed(devices[number]) }
        case .diskHasRoom(let number, let filling):
            if devices[number].fillings == filling { try devices[number].emptyDisk() }
        case .restart(let number, let incarnation):
            if devices[number].incarnation == incarnation { try start(devices[number]) }
        case .refreshArrives(let number, let incarnation, let token, let fate):
            try refreshArrives(number, incarnation, token, fate)
        case .refreshed(let number, let incarnation, let token, let fate):
            let device = devices[number]
            // Somebody may have signed in meanwhile: what became of the former session's token says nothing about it.
            let isCurrent = token.map { device.session.refreshing?.hasSameBytes(as: $0) ?? false } ?? true
            if device.incarnation == incarnation, isCurrent { try refreshed(device, fate) }
        case .refreshAgain(let number, let incarnation, let token):
            let device = devices[number]
            if device.incarnation == incarnation, device.session.refreshing?.hasSameBytes(as: token) ?? false {
                refreshAgain(device)
            }
        case .step(let index): try perform?(index)
        }
    }

    func note(_ line: String) { trace.note(now, line) }
}

/// A promise was broken.
package struct Violation: Error, CustomStringConvertible, Sendable {
    /// Which (sync.md, "Promises"), or what else.
    package enum Promise: String, Sendable {
        case nothingLost = "1 a write that returned is never lost"
        case noCreateTwice = "2 no create is applied twice"
        case convergence = "3 convergence"
        case noFlicker = "4 no flicker"
        case order = "5 order"
        case isolation = "6 one bad write stops only itself"
        case nobodyElse = "7 nobody else's data"
        case clock = "8 no device clock"
        case fileFirst = "a record is sent after the files that it names"
        case oneFile = "an attachment becomes one file"
        case bytesKept = "bytes that wait are never removed"
        case rowsWithBytes = "no file is without its bytes"
        case conflictsReported = "every conflict is reported"
        case countedOnce = "no step of a counter counts twice"
        case sessions = "no refresh token is used twice, but within an announced grace"
        case budget = "request budget"
        case liveness = "liveness"
        case broken = "the store or the simulation failed"
    }

    /// Which promise.
    package let promise: Promise
    /// What was seen.
    package let message: String

    init(_ promise: Promise, _ message: String) {
        self.promise = promise
        self.message = message
    }

    package var description: String { "promise broken (\(promise.rawValue)): \(message)" }
}
