import BkendSync
import BkendWire

/// What is checked when a request leaves a device, and when the server acts.
extension World {
    func check(_ request: SyncRequest, from device: SimulatedDevice) throws {
        let place = "d\(device.number) \(Trace.text(request))"
        let recent = device.budget.note(now)
        if recent > requestLimit {
            throw Violation(.budget, "\(recent) requests in a minute, the last: \(place)")
        }
        try checkUpload(request, from: device)
        guard request.operation.isWrite else { return }
        for number in request.entries {
            guard let entry = try device.store?.read({ try $0.outbox.entry(number) }) else {
                throw Violation(.nothingLost, "\(place): sent, but its entry isn't in the outbox")
            }
            if entry.user != device.session.user {
                throw Violation(.nobodyElse, "\(place): the entry is \(entry.user)'s")
            }
            if entry.state != .inFlight || (request.body ?? []) != (entry.body ?? []) {
                throw Violation(.nothingLost, "\(place): sent before it was marked in flight (\(entry.state.rawValue))")
            }
        }
        guard let body = request.body, case .object(var fields)? = try? JSON(parsing: body) else { return }
        fields[OutboxEntry.clientKeyField] = nil
        if let id = JSON.object(fields).firstString(where: { device.localIDs.contains($0) }) {
            throw Violation(.order, "\(place): it names \(id), which the server doesn't know")
        }
        if let name = placeholder(in: fields, of: device) {
            throw Violation(.fileFirst, "\(place): it names \(name), a file that isn't registered")
        }
    }

    func check(_ write: ServerWrite, body: [UInt8]?) throws {
        guard let origin = write.origin.map({ present($0) }) else { return }
        let device = devices[origin.device]
        let row = RecordKey(write.table, write.id)
        let place = "d\(origin.device) \(write.kind.rawValue) \(write.table)/\(write.id) entries \(origin.entries)"
        if write.table == ServerFiles.table, write.kind == .create { try checkRegistration(write, origin, place) }
        if write.table != ServerFiles.table { try checkFilesFirst(body, place) }
        // The engine's own deletions of second copies serve no entry.
        if origin.entries.isEmpty, write.kind == .delete { try checkOwnDeletion(row, origin, place) }
        for number in origin.entries {
            let made = applied.created[.init(device: origin.device, entry: number)] ?? []
            let last = applied.latest[origin.device]?[row] ?? 0
            applied.note(number, of: origin.device, on: row, isCreate: write.kind == .create)
            // What left before a user took a guest's store over is the guest's.
            let isGuests = write.user.isEmpty && origin.sentAt <= device.takenOverAt ?? -1
            if write.user != device.owner, !isGuests {
                throw Violation(.nobodyElse, "\(place): done as \(write.user), made by \(device.owner)")
            }
            // Records that became one, since several devices made one again, had an order each.
            let isMadeAgain = server.history.versions(write.table, write.id).last?.document?["clientKey"]
                .flatMap(\.stringValue)?.hasPrefix("re-")
            if !origin.isCopy && last > number && isMadeAgain != true {
                throw Violation(.order, "\(place): arrived after entry \(last) of the same record")
            }
            let entry = device.observer.entries[number]
            switch write.kind {
            case .create where !made.isEmpty: try checkSecondCreate(row, number, origin, body, place)
            case .update where write.isEffective:
                try checkCounter(row, place)
                try checkOverwrite(row, entry, origin, body, place)
            default: break
            }
        }
    }

    /// A deletion that no entry asked for: of a row whose create this device's user took back, or of one too many, while
    /// the device has been shown another one of the same create.
    private func checkOwnDeletion(_ row: RecordKey, _ origin: WriteOrigin, _ place: String) throws {
        let device = devices[origin.device]
        let document = server.history.versions(row.table, row.id).last { $0.document != nil }?.document
        if let word = AppliedWrites.word(of: document), applied.deletedByUser[origin.device]?.contains(word) == true {
            return
        }
        if let key = document?["clientKey"]?.stringValue, let store = device.store {
            if try store.read({ try $0.aliases.all(clientKey: key) }).contains(where: { $0.state == .cancelled }) {
                return
            }
        } else if device.store == nil {
            return
        }
        let looks = applied.looks[origin.device] ?? [:]
        let wasShown = (applied.siblings(of: row, device: origin.device) ?? []).contains { other in
            other != row && looks[other].map { $0 <= origin.sentAt && $0 > origin.sentAt - 150_000 } == true
        }
        if !wasShown {
            throw Violation(
                .nothingLost, "\(place): deleted though nobody asked for it, and no other row was looked at")
        }
    }

    /// A second row of one create: never by the engine's own resending; a delayed copy may do it where no unique index
    /// forbids it.
    private func checkSecondCreate(
        _ row: RecordKey, _ number: Int64, _ origin: WriteOrigin, _ body: [UInt8]?, _ place: String
    ) throws {
        let key = AppliedWrites.Key(device: origin.device, entry: number)
        if applied.retriedByApp.contains(key) { return }
        // Nothing in a refusal tells whose it is. A create with a key is found by it; one without is sent again.
        let document = server.history.versions(row.table, row.id).last?.document
        if applied.misrefused.contains(key), document?[OutboxEntry.clientKeyField] == nil { return }
        // What a lookup can't show, because it was deleted or is hidden from this user, can't be found.
        let caller = Caller(user: devices[origin.device].owner)
        let rows = server.listed(row.table, and: nil, by: caller) ?? []
        let made = applied.created[key] ?? []
        let isFindable = made.contains { other in
            other != row && rows.contains { $0["id"]?.stringValue == other.id }
        }
        if !isFindable { return }
        if !origin.isCopy && !hadCopy(of: number, device: origin.device) {
            throw Violation(.noCreateTwice, "\(place): the server made it a second time")
        }
        applied.twins.append((row, origin.device))
    }

    /// No counter is past what was added to it: nothing was counted twice.
    private func checkCounter(_ row: RecordKey, _ place: String) throws {
        guard row.table == "counters" else { return }
        let count = server.history.versions(row.table, row.id).last?.document?["count"]?.intValue ?? 0
        let added = applied.added[row] ?? 0
        if count > added { throw Violation(.countedOnce, "\(place): it says \(count), and only \(added) was added") }
    }

    func hadCopy(of entry: Int64, device: Int) -> Bool { copies.contains(.init(device: device, entry: entry)) }

    /// An update must know what it overwrites: a value that the device had been shown and that is not what its entry
    /// was made on is a conflict, and is reported.
    private func checkOverwrite(
        _ row: RecordKey, _ entry: OutboxEntry?, _ origin: WriteOrigin, _ body: [UInt8]?, _ place: String
    ) throws {
        guard !origin.isCopy, let entry, let body, case .object(let mine)? = try? JSON(parsing: body) else { return }
        let versions = server.history.versions(row.table, row.id)
        // The newest version is this write's own.
        guard versions.count > 1, let document = versions[versions.count - 2].document else { return }
        let device = devices[origin.device]
        if device.observer.reported.contains(row) { return }
        let hidden = server[table: row.table]?.access.hidden ?? []
        for (field, value) in mine where !hidden.contains(field) {
            // What a form's writer saw, not what the store knew when it was saved.
            let form = applied.forms[.init(device: origin.device, entry: entry.sequence)]
            guard let theirs = document[field], theirs != value, theirs != form?[field] ?? entry.before[field] else {
                continue
            }
            // What a user may write but not read can't be looked at: the honest limit (sync.md, "Push").
            if let refused = applied.refusals[origin.device]?[row], refused >= now - 150_000 { return }
            guard let read = applied.reads[origin.device]?[row], read.at >= now - 150_000 else {
                throw Violation(.conflictsReported, "\(place): overwrote \(field) without looking")
            }
            let others = versions.dropLast(2).last { $0.document?[field] != theirs }?.number ?? 0
            let came = versions.first { $0.number > others }?.at ?? 0
            // A column that was hidden then was not shown; what was shown later can't have been known.
            if came < read.at, read.at <= origin.sentAt, read.fields.contains(field) {
                throw Violation(
                    .conflictsReported, "\(place): overwrote \(field), which it had been shown, and nothing is reported"
                )
            }
        }
    }

    /// Notes what the server has shown of records that a device is about to write.
    func noteRead(_ delivery: Delivery, _ answer: SyncAnswer) {
        if !delivery.servesEntries, case .record(let table, let id) = delivery.call.operation, answer.status == 200 {
            applied.looks[delivery.device, default: [:]][RecordKey(table, id)] = now
        }
        guard delivery.servesEntries, let table = delivery.call.operation.table else { return }
        if case .record(let table, let id) = delivery.call.operation {
            applied.refusals[delivery.device, default: [:]][RecordKey(table, id)] = answer.status == 403 ? now : nil
        }
        guard answer.status == 200 else { return }
        switch delivery.fate.fault {
        case .lostAfter, .cut, .cutUnseen, .gateway, .serverErrorAfter: return
        default: break
        }
        guard let json = try? JSON(parsing: answer.body) else { return }
        for item in json["items"]?.arrayValue ?? [json] {
            guard let id = item["id"]?.stringValue else { continue }
            let fields = Set(item.objectValue?.keys ?? [])
            applied.reads[delivery.device, default: [:]][RecordKey(table, id)] = (now, fields)
        }
    }
}

extension JSON {
    /// The first string, or object key, for which something holds.
    func firstString(where test: (String) -> Bool) -> String? {
        switch self {
        case .string(let text): return test(text) ? text : nil
        case .array(let values):
            for value in values {
                if let found = value.firstString(where: test) { return found }
            }
            return nil
        case .object(let object):
            for (key, value) in object {
                if test(key) { return key }
                if let found = value.firstString(where: test) { return found }
            }
            return nil
        default: return nil
        }
    }
}
