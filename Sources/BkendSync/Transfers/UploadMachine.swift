import BkendWire

/// The files of the outbox: which is sent when, and what answers mean to them. Two lanes, small files and large ones, one
/// file at a time in each, beside the lanes of records. What becomes of a single file `Upload` decides.
struct UploadMachine: Sendable {
    /// What is remembered of files, by their entries.
    private var files = Memories<Int64, FileMemory>()
    /// What is remembered of storages, by their addresses' hosts.
    private var hosts = Memories<String, HostMemory>()
    /// Entries up to this one go, whatever the options say.
    private(set) var toldThrough: Int64 = 0

    /// What is remembered of a file between events.
    private struct FileMemory: Memorable {
        /// It waits after a failure.
        var wait: RetryWait?
        /// How many other files its storage had taken when it refused this one last.
        var taken: Int?
        /// How many of its bytes the storage has, in parts.
        var sent: Int64 = 0
    }

    /// What is remembered of a storage between events.
    private struct HostMemory: Memorable {
        /// It doesn't answer, and is left alone for a while.
        var wait: RetryWait?
        /// How many files it has taken.
        var taken = 0
    }

    /// How many files are looked at for one that may go.
    private static let candidates = 8

    // MARK: What the app says

    /// The files that wait now go, whatever the options say of them.
    mutating func uploadNow(_ turn: EngineTurn<some UploadStore>) throws {
        toldThrough = max(toldThrough, try turn.store.newestEntry)
    }

    /// Nothing waits any longer, for whatever reason.
    mutating func tryNow(at now: SyncInstant) {
        files.changeAll { $0.wait?.until = now }
        hosts.changeAll { $0.wait?.until = now }
    }

    /// How many bytes the storages have of files that are on their way, in parts.
    var sent: Int64 { files.all.reduce(0) { $0 + $1.sent } }

    /// The moments at which something that waits is due.
    var moments: [SyncInstant] { files.all.compactMap(\.wait?.until) + hosts.all.compactMap(\.wait?.until) }

    /// Which files stay; nil for none. No server takes files of guests.
    func held(by policy: UploadPolicy, owner: String) -> HeldFiles? {
        if owner.isEmpty { return HeldFiles(above: -1, after: 0) }
        switch policy {
        case .always: return nil
        case .upTo(let bytes): return HeldFiles(above: max(0, bytes), after: toldThrough)
        case .whenTold: return HeldFiles(above: -1, after: toldThrough)
        }
    }

    // MARK: Planning

    /// Sends what may be sent.
    mutating func plan(_ turn: inout EngineTurn<some UploadStore>) throws {
        let owner = try turn.store.owner
        try letGoOfStale(&turn)
        if owner.isEmpty { return }
        let held = held(by: turn.configuration.uploads, owner: owner)
        let waiting = files.all.count { $0.wait != nil }
        for lane in UploadLane.allCases
        where !turn.shared.flights.all.contains(where: { $0.errand.upload?.lane == lane }) {
            for waiting in try turn.store.files(in: lane, held: held, limit: Self.candidates + waiting) {
                guard turn.isDue(files[waiting.entry.sequence].wait),
                    turn.rules.maySend(waiting.entry.user, turn.shared.session.user, owner)
                else { continue }
                if try send(waiting, in: lane, &turn) { break }
            }
        }
        try planDeletions(&turn)
    }

    /// What the app has discarded, replaced or retried meanwhile needs no bytes any more.
    private mutating func letGoOfStale(_ turn: inout EngineTurn<some UploadStore>) throws {
        for flight in turn.shared.flights.all {
            guard let errand = flight.errand.upload else { continue }
            let waiting = try turn.store.waitingFile(errand.entry)
            var upload = waiting?.file?.upload
            if let waiting { upload?.adjust(toVisibility: Self.visibility(waiting.entry)) }
            guard upload?.request != errand.request || waiting?.file?.size != errand.size else { continue }
            _ = turn.shared.flights.land(flight.id)
            turn.perform(.cancel(flight.id))
        }
    }

    /// Asks what a file's upload asks next; whether anything left.
    private mutating func send(
        _ waiting: WaitingFile, in lane: UploadLane, _ turn: inout EngineTurn<some UploadStore>
    ) throws -> Bool {
        let entry = waiting.entry
        guard let file = waiting.file, var upload = file.upload else {
            try turn.store.fail(entry.sequence, because: Self.bytesMissing)
            return false
        }
        let visibility = Self.visibility(entry)
        upload.adjust(toVisibility: visibility)
        if upload != file.upload { try turn.store.keep(upload, of: waiting) }
        let errand = Errand.upload(
            UploadErrand(
                entry: entry.sequence, request: upload.request, visibility: visibility, size: file.size, lane: lane))
        let (operation, body) = Self.operation(upload.request, entry, file)
        if case .put(let put) = operation {
            guard turn.isDue(hosts[Self.host(put.url)].wait) else { return false }
            files[entry.sequence].sent = put.part?.lowerBound ?? 0
            try turn.send(errand, operation, entries: [entry.sequence], deadline: Self.deadline(of: put, turn))
            return true
        }
        guard turn.maySend else { return false }
        try turn.send(errand, operation, body: body?.serialized(), entries: [entry.sequence])
        return true
    }

    /// How long bytes may take. Before the last part all bytes are read once more.
    private static func deadline(of put: BytesPut, _ turn: EngineTurn<some UploadStore>) -> Duration {
        let bytes = put.part.map { Int64($0.count) } ?? put.size
        let reading = put.isLastPart ? put.size / slowestReading : 0
        return turn.configuration.requestDeadline
            + .seconds(bytes / max(1, turn.configuration.slowestTransfer) + reading)
    }

    /// How many bytes a slow device reads and hashes in a second, at the least.
    private static let slowestReading: Int64 = 8 << 20

    /// A request and its body (rest-api.md §9).
    private static func operation(
        _ request: UploadRequest, _ entry: OutboxEntry, _ file: StoredFile
    ) -> (SyncRequest.Operation, JSONObject?) {
        switch request {
        case .put(let key):
            let type = entry.fields[FileField.type]?.stringValue ?? "application/octet-stream"
            return (
                .put(
                    BytesPut(
                        url: key.url, type: type, name: file.bytes, size: file.size, sha256: file.sha256,
                        sendsDigest: key.takesDigest)), nil
            )
        case .putPart(let key):
            return (
                .put(
                    BytesPut(
                        url: key.parts?.address ?? "", type: nil, name: file.bytes, size: file.size,
                        part: key.parts?.range, sha256: file.sha256, sendsDigest: false)), nil
            )
        case .presign, .begin:
            // Size and visibility are always named: else some servers show pictures to everyone, for ever.
            return (
                request == .begin ? .multipart(.begin) : .presign,
                [
                    "filename": entry.fields[FileField.name] ?? "", "contentType": entry.fields[FileField.type] ?? "",
                    "fileSize": .int(file.size), "visibility": entry.fields[FileField.visibility] ?? "private",
                ]
            )
        case .address(let key):
            var body = named(key)
            body["partNumber"] = .int(Int64(key.parts?.next ?? 1))
            return (.multipart(.address), body)
        case .complete(let key):
            var body = named(key)
            body["parts"] = .array(
                (key.parts?.tags ?? []).enumerated().map {
                    ["partNumber": .int(Int64($0.offset + 1)), "etag": .string($0.element)]
                })
            return (.multipart(.complete), body)
        case .register(let key):
            var body = entry.fields
            body["s3Key"] = .string(key.key)
            body[FileField.size] = .int(file.size)
            return (.register, body)
        case .read(let id, _): return (.file(id: id), nil)
        case .search(let page, _):
            let query = [
                QueryItem("sortBy", "createdAt"), QueryItem("sortDirection", "desc"), QueryItem("page", "\(page)"),
                QueryItem("limit", "\(Upload.pageLimit)"),
            ]
            return (.files(query), nil)
        case .delete(let id): return (.deleteFile(id: id), nil)
        }
    }

    private static func named(_ key: UploadKey) -> JSONObject {
        ["key": .string(key.key), "uploadId": .string(key.parts?.uploadID ?? "")]
    }

    private static func visibility(_ entry: OutboxEntry) -> String {
        entry.fields[FileField.visibility]?.stringValue ?? "private"
    }

    private static func host(_ url: String) -> String {
        let rest = url.drop { $0 != ":" }.drop { $0 == ":" || $0 == "/" }
        return rest.prefix { $0 != "/" && $0 != "?" }.lowercased()
    }

    // MARK: Answers

    /// Takes the answer to a step of an upload.
    mutating func answered(
        _ errand: UploadErrand, _ verdict: Verdict, date: Timestamp?, _ turn: inout EngineTurn<some UploadStore>
    ) throws {
        let sequence = errand.entry
        guard let waiting = try turn.store.waitingFile(sequence), let file = waiting.file, var upload = file.upload
        else { return files.forget(sequence) }
        // It was asked for other bytes, which were replaced meanwhile.
        guard file.size == errand.size else { return }
        // It wasn't sent, by the sender's own decision; the session says when it may be.
        if case .refused = verdict { return }
        // The app may have asked for another visibility while the bytes were on their way.
        upload.adjust(toVisibility: Self.visibility(waiting.entry))
        let othersSucceed = noteStorage(errand, verdict, &turn)
        let answer = UploadAnswer(
            verdict, to: errand.request, visibility: errand.visibility, size: errand.size, at: date)
        let outcome = upload.take(
            answer, to: errand.request, sha256: file.sha256, othersSucceed: othersSucceed, by: turn.rules.uploads)
        if upload != file.upload { try turn.store.keep(upload, of: waiting) }
        guard let outcome else { return }
        switch outcome {
        case .goesOn:
            // A key and an address are no progress yet: how often it has failed counts until bytes are taken.
            if errand.request.isForAddress {
                files[sequence].wait?.until = turn.now
            } else {
                files[sequence].wait = nil
            }
            files[sequence].sent = upload.step == .putting ? upload.key?.parts?.range.lowerBound ?? 0 : 0
        case .waits: files[sequence].wait = turn.later(files[sequence].wait)
        case .done(let uploaded):
            try turn.store.adopt(sequence, row: uploaded.row.text)
            turn.note(.renamed(entries: [sequence]))
            files.forget(sequence)
        case .failed(let failure):
            try turn.store.fail(sequence, because: failure)
            files.forget(sequence)
        case .unresolved(let failure):
            try turn.store.markUnresolved(sequence, failure)
            files.forget(sequence)
        case .deletedElsewhere:
            try turn.store.report(
                "deletedElsewhere", FileTable.name, waiting.entry.record,
                detail: ["mine": .object(waiting.entry.fields)])
            try turn.store.dropFile(sequence)
            files.forget(sequence)
        }
    }

    /// Where a request sends bytes; nil for a request of bkend.
    private static func address(of request: UploadRequest) -> String? {
        switch request {
        case .put(let key): key.url
        case .putPart(let key): key.parts?.address
        default: nil
        }
    }

    /// Notes what an answer says about a storage; whether it has taken other files since it refused this one last.
    private mutating func noteStorage(
        _ errand: UploadErrand, _ verdict: Verdict, _ turn: inout EngineTurn<some UploadStore>
    ) -> Bool {
        guard case .storage(let word) = verdict, let url = Self.address(of: errand.request) else { return false }
        let host = Self.host(url)
        switch word {
        case .stored:
            // A part says nothing about other files.
            if case .put = errand.request { hosts[host].taken += 1 }
            hosts[host].wait = nil
        case .silent(_, let retryAfter):
            var wait = turn.later(hosts[host].wait)
            if let retryAfter {
                wait.until = max(
                    wait.until, turn.now.advanced(by: min(retryAfter, turn.configuration.retryAfterCeiling)))
            }
            hosts[host].wait = wait
        case .expired, .refused:
            let taken = hosts[host].taken
            defer { files[errand.entry].taken = taken }
            return taken > files[errand.entry].taken ?? taken
        case .taken, .bytesMissing: break
        }
        return false
    }

    private static let bytesMissing = EntryFailure(
        code: "bytesMissing", message: "the file's bytes aren't on this device any more; replace them, or discard it")

    // MARK: Deletions

    private mutating func planDeletions(_ turn: inout EngineTurn<some UploadStore>) throws {
        let isUnderWay = turn.shared.flights.all.contains { flight in
            if case .deleteFile = flight.errand { true } else { false }
        }
        guard !isUnderWay, turn.maySend, let user = turn.shared.session.user else { return }
        let waiting = files.all.count { $0.wait != nil }
        for entry in try turn.store.fileDeletions(limit: Self.candidates + waiting)
        where turn.isDue(files[entry.sequence].wait) {
            guard try turn.rules.maySend(entry.user, user, turn.store.owner), try !turn.store.isNamed(before: entry)
            else { continue }
            try turn.send(.deleteFile(entry.sequence), .deleteFile(id: entry.record), entries: [entry.sequence])
            return
        }
    }

    /// Takes the answer to a deletion. It may be sent any number of times: an id is never given again.
    mutating func deleted(
        _ sequence: Int64, _ verdict: Verdict, _ turn: inout EngineTurn<some UploadStore>
    ) throws {
        switch verdict {
        case .done(.deleted), .missing:
            try turn.store.completeDelete(sequence)
            files.forget(sequence)
        case .rejected(let error), .denied(let error):
            try turn.store.fail(sequence, because: EntryFailure(error))
            files.forget(sequence)
        case .refused: break
        default: files[sequence].wait = turn.later(files[sequence].wait)
        }
    }
}
