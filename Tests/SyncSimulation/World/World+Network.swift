import BkendSync
import BkendWire

/// A request on its way.
struct Delivery {
    var device: Int
    var incarnation: Int
    var id: RequestID
    var call: ServerCall
    var fate: Fate
    var deadline: Int64
    /// Whether it reads or writes for the outbox.
    var servesEntries: Bool
    /// Whether nobody waits for the answer: the network's own second copy.
    var isCopy = false
}

/// A fault for the next request that fits.
package struct ScriptedFate {
    /// The device's number, nil for any.
    package var device: Int?
    /// The operation's name: `create`, `update`, `list`, …, `refresh`.
    package var operation: String
    /// What befalls it; nil for nothing.
    package var fault: FaultProfile.Kind?
    /// How long the way to the server takes, in milliseconds.
    package var outbound: Int64?
    /// How long the way back takes.
    package var inbound: Int64?
    /// When a second copy arrives.
    package var duplicateAfter: Int64?
    /// Whether it must serve entries of the outbox, or must not.
    package var servesEntries: Bool?
    /// How many fitting requests pass before.
    package var skipping = 0

    /// A fate.
    package init(
        _ operation: String, of device: Int? = nil, _ fault: FaultProfile.Kind? = nil, outbound: Int64? = nil,
        inbound: Int64? = nil, duplicateAfter: Int64? = nil, servesEntries: Bool? = nil, skipping: Int = 0
    ) {
        self.servesEntries = servesEntries
        self.operation = operation
        self.device = device
        self.fault = fault
        self.outbound = outbound
        self.inbound = inbound
        self.duplicateAfter = duplicateAfter
        self.skipping = skipping
    }
}

extension World {
    func send(_ id: RequestID, _ request: SyncRequest, from device: SimulatedDevice) throws {
        device.outstanding.insert(id)
        func answer(_ response: SyncResponse, at moment: Int64) {
            schedule(.answer(device: device.number, incarnation: device.incarnation, id, response), at: moment)
        }
        guard let user = device.session.user else {
            note("d\(device.number) \(id) refused: signed out")
            return answer(.refused(.signedOut), at: now)
        }
        if !user.hasSameBytes(as: request.user) {
            note("d\(device.number) \(id) refused: other user")
            return answer(.refused(.otherUser(user)), at: now)
        }
        note("d\(device.number) \(id) → \(Trace.text(request))")
        requests += 1
        try check(request, from: device)
        let deadline = now + Self.milliseconds(request.deadline)
        var fate = fate(
            of: request.operation.name, request.operation.table ?? "", from: device,
            servesEntries: !request.entries.isEmpty)
        addTrouble(to: &fate, of: request.operation, from: device)
        let changes = request.operation.isWrite || request.operation.changesFiles
        let origin =
            changes
            ? WriteOrigin(device: device.number, entries: request.entries, sentAt: now) : nil
        var call = ServerCall(
            request.operation, body: request.body, token: device.session.tokens?.access, origin: origin)
        if device.blackoutUntil > now || fate.fault == .notSent {
            return answer(.notSent(SyncFailure(.unreachable)), at: now + fate.outbound)
        }
        renewIfDue(device)
        if case .put(let put) = request.operation {
            // The address is looked at when the first bytes come, whenever the last ones do.
            call.began = now + min(fate.outbound, 100)
            call.isDamaged = fate.ofFiles == .damaged
            if let flaw = try flaw(of: put, request.entries, on: device) {
                return answer(.lost(SyncFailure(.source, flaw)), at: now + fate.outbound)
            }
        }
        if fate.fault == .lostBefore {
            let isBroken = fate.cutAt % 2 == 0
            return answer(
                .lost(SyncFailure(isBroken ? .broken : .timedOut)), at: isBroken ? now + fate.outbound : deadline)
        }
        let delivery = Delivery(
            device: device.number, incarnation: device.incarnation, id: id, call: call, fate: fate, deadline: deadline,
            servesEntries: !request.entries.isEmpty)
        schedule(.deliver(delivery), at: now + fate.outbound)
        if let after = fate.duplicateAfter, changes {
            var copy = delivery
            copy.isCopy = true
            copy.call.isDamaged = fate.isCopyDamaged
            copy.call.origin?.isCopy = true
            for entry in request.entries { copies.insert(.init(device: device.number, entry: entry)) }
            lastDelivery = max(lastDelivery, now + fate.outbound + after)
            schedule(.deliver(copy), at: now + fate.outbound + after)
        }
        // Whatever becomes of it, the performer gives up at the deadline.
        if fate.outbound + fate.inbound >= deadline - now { answer(.lost(SyncFailure(.timedOut)), at: deadline) }
    }

    func fate(
        of operation: String, _ table: String, from device: SimulatedDevice, servesEntries: Bool = false
    ) -> Fate {
        let kind = "\(operation) \(table)"
        device.sent[kind, default: 0] += 1
        let name = "d\(device.number) \(kind) \(device.sent[kind, default: 0])"
        var random = chance.sequence(name)
        var fate = Fate(profile, &random)
        if fate.fault != nil || fate.duplicateAfter != nil, !strike(name) { fate = Fate(FaultProfile(), &random) }
        let fits = script.firstIndex { item in
            item.operation == operation && item.device ?? device.number == device.number
                && item.servesEntries ?? servesEntries == servesEntries
        }
        if let index = fits {
            if script[index].skipping > 0 {
                script[index].skipping -= 1
            } else {
                let scripted = script.remove(at: index)
                fate.fault = scripted.fault
                fate.outbound = scripted.outbound ?? fate.outbound
                fate.inbound = scripted.inbound ?? fate.inbound
                fate.duplicateAfter = scripted.duplicateAfter
                fate.cutAt = 128
            }
        }
        if let fault = fate.fault { note("  (\(fault.rawValue))") }
        return fate
    }

    /// What befalls requests about files alone.
    private func addTrouble(to fate: inout Fate, of operation: SyncRequest.Operation, from device: SimulatedDevice) {
        guard operation.changesFiles else { return }
        let name = "d\(device.number) \(operation.name) files \(device.sent["\(operation.name) ", default: 0])"
        var random = chance.sequence(name)
        let (kind, copy) = fileTrouble.strike(operation, &random)
        fate.isCopyDamaged = random.hits(0.3)
        guard kind != nil || copy != nil, strike(name) else { return }
        if let copy, fate.duplicateAfter == nil { fate.duplicateAfter = copy }
        guard let kind, fate.fault == nil else { return }
        note("  (files: \(kind.rawValue))")
        if kind == .lost { fate.fault = .lostAfter } else { fate.ofFiles = kind }
    }

    func deliver(_ delivery: Delivery) throws {
        let fate = delivery.fate
        let answer = try outcome(of: delivery)
        if delivery.isCopy {
            note("  (a second copy of d\(delivery.device) \(delivery.id) arrived: \(Trace.text(.answered(answer))))")
            return
        }
        var response = SyncResponse.answered(answer)
        switch fate.fault {
        case .lostAfter: response = .lost(SyncFailure(.broken))
        case .cut: response = .lost(SyncFailure(.broken, "cut"))
        case .cutUnseen where answer.body.count > 1:
            var cut = answer
            cut.body = Array(answer.body.prefix(answer.body.count * fate.cutAt / 256))
            response = .answered(cut)
        default: break
        }
        if try exchange(delivery, response) { return }
        let moment = now + fate.inbound
        if moment < delivery.deadline {
            // What nobody waits for any more isn't shown to anybody.
            if devices[delivery.device].incarnation == delivery.incarnation { noteRead(delivery, answer) }
            schedule(
                .answer(device: delivery.device, incarnation: delivery.incarnation, delivery.id, response), at: moment)
        }
    }

    /// A broken proxy keeps the answer to a create back until the device's next create is answered, and mixes them up;
    /// whether the answer is in its hands.
    private func exchange(_ delivery: Delivery, _ response: SyncResponse) throws -> Bool {
        guard case .create = delivery.call.operation else { return false }
        func answer(_ delivery: Delivery, _ response: SyncResponse, at moment: Int64) {
            schedule(
                .answer(device: delivery.device, incarnation: delivery.incarnation, delivery.id, response), at: moment)
        }
        if let (other, kept) = swapping.removeValue(forKey: delivery.device),
            other.incarnation == delivery.incarnation, other.deadline > now
        {
            note("  (its answer and that of \(other.id) are swapped)")
            noteSwapped(delivery, kept)
            noteSwapped(other, response)
            let moment = min(now + delivery.fate.inbound, delivery.deadline, other.deadline)
            answer(delivery, kept, at: moment)
            answer(other, response, at: moment)
            return true
        }
        guard delivery.fate.fault == .swapped else { return false }
        swapping[delivery.device] = (delivery, response)
        answer(delivery, .lost(SyncFailure(.timedOut)), at: delivery.deadline)
        return true
    }

    /// Notes creates that are told of another create's refusal.
    private func noteSwapped(_ delivery: Delivery, _ response: SyncResponse) {
        // After any other failure of a server, the create is looked up and never repeated.
        guard case .answered(let answer) = response, 400..<500 ~= answer.status || answer.status == 503 else { return }
        for entry in delivery.call.origin?.entries ?? [] {
            applied.misrefused.insert(.init(device: delivery.device, entry: entry))
        }
    }

    /// What the server, or something in its place, says.
    private func outcome(of delivery: Delivery) throws -> SyncAnswer {
        let fate = delivery.fate
        let html = SyncAnswer(status: 200, isJSON: false, body: Array("<html>Sign in to the hotel</html>".utf8))
        var answer: SyncAnswer
        if !delivery.isCopy, let kind = fate.ofFiles, let word = self.answer(to: delivery, inPlaceOfServer: kind) {
            return word
        }
        switch delivery.isCopy ? nil : fate.fault {
        case .portal: return html
        case .proxy:
            answer = html
            answer.status = 404
            return answer
        case .tooMany:
            answer = .error(429, "data/rate-limit-exceeded", "too many requests")
            answer.retryAfter = fate.retryAfter.map { .seconds($0) }
            return answer
        case .serverError: return .error(500, "common/internal-error", "it failed")
        case .requestTimeout: return SyncAnswer(status: 408, isJSON: false)
        case .storageFull: return .error(507, "common/insufficient-storage", "the server's disk is full")
        case .gateway:
            try act(on: delivery)
            answer = html
            answer.status = 504
            return answer
        case .serverErrorAfter:
            try act(on: delivery)
            return .error(500, "common/internal-error", "it failed late")
        default: return try act(on: delivery)
        }
    }

    /// What others say to a request about files, without the server's having heard of it; nil where it has.
    private func answer(to delivery: Delivery, inPlaceOfServer kind: FileTrouble.Kind) -> SyncAnswer? {
        switch kind {
        case .portal: return SyncAnswer(status: 200, isJSON: false, tag: "\"portal\"")
        case .forbidden: return SyncAnswer(status: 403, isJSON: false)
        case .refused: return SyncAnswer(status: 400, isJSON: false)
        case .failing: return SyncAnswer(status: 503, isJSON: false)
        case .full: return .error(507, "common/insufficient-storage", "the user's files have no more room")
        case .lagging:
            guard let body = delivery.call.body, let key = (try? JSON(parsing: body))?["s3Key"]?.stringValue,
                let upload = server.files.upload(key), now - upload.issued < 60_000
            else { return nil }
            var answer = SyncAnswer.error(400, "file/invalid-path", "this node doesn't know the key yet")
            answer.date = server.time(now, node: delivery.fate.cutAt)
            return answer
        case .lost, .copied, .damaged: return nil
        }
    }

    @discardableResult
    private func act(on delivery: Delivery) throws -> SyncAnswer {
        let answer = server.answer(delivery.call, at: now, node: delivery.fate.cutAt)
        if strangerWaits, case .put(let put) = delivery.call.operation, answer.status == 200 {
            try registerStrangely(put)
        }
        if !server.log.isEmpty {
            let log = server.log
            server.log = []
            for write in log {
                note("  (server: \(write.kind.rawValue) \(write.table)/\(write.id))")
                try check(write, body: delivery.call.body)
            }
        }
        return answer
    }

    static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
