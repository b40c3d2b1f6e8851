import BkendWire

/// The files that subscriptions keep here: which one is fetched when, and what answers mean. Nothing of it can do harm on a
/// server, so all that must last is which bytes are here, and of what.
struct DownloadMachine: Sendable {
    /// What is remembered of files, by their names.
    private var files = Memories<ExactString, FileMemory>()
    /// The storage doesn't answer, and is left alone for a while.
    private var storageWait: RetryWait?
    /// The server takes no questions about files, and isn't asked for a while.
    private var serverWait: RetryWait?
    /// When it is looked again whether there is room.
    private var roomDue: SyncInstant?
    /// When more records are looked at.
    private var lookDue: SyncInstant?

    /// What is remembered of a file between events.
    private struct FileMemory: Memorable {
        /// It waits after a failure, or for room.
        var wait: RetryWait?
        /// Where its bytes are, as the server has said since the start.
        var address: String?
        /// Whether bytes have come from there.
        var isGood = false
        /// How often its addresses were refused in a row.
        var refusals = 0
        /// Whether it waits for room.
        var lacksRoom = false
    }

    /// How many files are looked at for one that may be fetched.
    private static let candidates = 8
    /// How many records are looked at in one transaction.
    private static let looks = 200
    /// How often an address that was just given may be refused.
    private static let mostRefusals = 5
    /// How many bytes an answer must bring for the next one to be asked for at once.
    private static let progress: Int64 = 64 << 10
    /// How long a file waits for room before it is looked again.
    private static let roomWait = Duration.seconds(60)

    /// Whether files wait for room.
    var lacksRoom: Bool { roomDue != nil || files.all.contains { $0.lacksRoom } }

    /// Whether there are records left to look at.
    var isLooking: Bool { lookDue != nil }

    /// Nothing waits any longer, for whatever reason.
    mutating func tryNow(at now: SyncInstant) {
        files.changeAll { $0.wait?.until = now }
        storageWait?.until = now
        serverWait?.until = now
        roomDue = roomDue.map { _ in now }
    }

    /// The moments at which something that waits is due.
    var moments: [SyncInstant] {
        files.all.compactMap(\.wait?.until)
            + [storageWait?.until, serverWait?.until, roomDue, lookDue].compactMap(\.self)
    }

    // MARK: Planning

    /// Sends what may be sent.
    mutating func plan(_ turn: inout EngineTurn<some DownloadStore>) throws {
        let hasMore = try turn.store.lookAtNamedFiles(limit: Self.looks)
        lookDue = hasMore ? turn.now.advanced(by: .milliseconds(1)) : nil
        var underWay: Set<ExactString> = []
        for flight in turn.shared.flights.all {
            guard let errand = flight.errand.download else { continue }
            if try turn.store.download(errand.name) != nil {
                underWay.insert(ExactString(errand.name))
            } else {
                // No record names it any more.
                _ = turn.shared.flights.land(flight.id)
                turn.perform(.cancel(flight.id))
                files.forget(ExactString(errand.name))
            }
        }
        let most = turn.configuration.parallelDownloads
        if let roomDue, roomDue > turn.now { return }
        roomDue = nil
        guard underWay.count < most else { return }
        let waiting = files.all.count { $0.wait != nil }
        for download in try turn.store.downloads(limit: Self.candidates + waiting + underWay.count) {
            let name = ExactString(download.name)
            guard !underWay.contains(name), turn.isDue(files[name].wait) else { continue }
            if try send(download, &turn) { underWay.insert(name) }
            if underWay.count == most || roomDue != nil { return }
        }
    }

    /// Asks what a download asks next; whether anything left.
    private mutating func send(_ download: Download, _ turn: inout EngineTurn<some DownloadStore>) throws -> Bool {
        guard let name = FileName(download.name, server: turn.configuration.address) else {
            try turn.store.refuse(
                download.name, because: EntryFailure(code: "invalidName", message: "this can't be the name of a file"))
            return false
        }
        let memory = files[ExactString(download.name)]
        let address: String
        switch name {
        case .address(let url):
            guard let origin = Origin(url),
                try origin == Origin(turn.configuration.address) || turn.store.isKnown(origin)
            else {
                try turn.store.refuse(
                    download.name,
                    because: EntryFailure(
                        code: DownloadRefusal.unknownHost,
                        message: "the server hasn't given any address there; files are fetched only where it has"))
                return false
            }
            address = url
        case .id, .key:
            guard let file = download.file, let id = file[SystemField.id.rawValue]?.stringValue else {
                guard turn.maySend, turn.isDue(serverWait) else { return false }
                if case .id(let id) = name { try ask(.record, .file(id: id), download, &turn) }
                if case .key(let key) = name {
                    try ask(.search(key: key), .files(FileName.search(forKey: key)), download, &turn)
                }
                return true
            }
            guard let known = memory.address else {
                guard turn.maySend, turn.isDue(serverWait) else { return false }
                try ask(.address, .fileAddress(id: id), download, &turn)
                return true
            }
            address = known
        }
        return try fetch(download, from: address, &turn)
    }

    private func ask(
        _ ask: DownloadAsk, _ operation: SyncRequest.Operation, _ download: Download,
        _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        try turn.send(.download(DownloadErrand(name: download.name, ask: ask)), operation)
    }

    private mutating func fetch(
        _ download: Download, from address: String, _ turn: inout EngineTurn<some DownloadStore>
    ) throws -> Bool {
        guard turn.isDue(storageWait) else { return false }
        let name = ExactString(download.name)
        var download = download
        let limit: Int64
        switch try turn.store.room(for: download.size.map { max(1, $0 - download.have) } ?? 1) {
        case .fits(let most): limit = download.size ?? most
        case .tooSmall:
            files[name].lacksRoom = true
            files[name].wait = RetryWait(until: turn.now.advanced(by: Self.roomWait))
            return false
        case .none:
            roomDue = turn.now.advanced(by: Self.roomWait)
            return false
        }
        files[name].lacksRoom = false
        // The row names the bytes before there are any: no sweep takes them then.
        if download.bytes == nil {
            download.bytes = turn.store.newBytesName()
            try turn.store.keep(download)
        }
        let piece = turn.configuration.downloadPiece
        let get = BytesGet(
            url: address, name: download.bytes ?? "", have: download.have, tag: download.tag, most: piece,
            size: download.size, limit: limit)
        let deadline =
            turn.configuration.requestDeadline
            + .seconds((download.size ?? piece) / max(1, turn.configuration.slowestTransfer))
        try turn.send(
            .download(DownloadErrand(name: download.name, ask: .bytes)), .get(get), deadline: deadline)
        return true
    }

    // MARK: Answers

    /// Takes the answer to a step of a download.
    mutating func answered(
        _ errand: DownloadErrand, _ verdict: Verdict, _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        let name = ExactString(errand.name)
        guard var download = try turn.store.download(errand.name) else { return files.forget(name) }
        switch verdict {
        // It wasn't sent, by the sender's own decision; the session says when it may be.
        case .refused: return
        case .bytes(let word): return try take(word, &download, &turn)
        case .done(.record(let row)): try take(row, &download, turn)
        case .done(.page(let page)):
            guard case .search(let key) = errand.ask else { return wait(name, &turn) }
            let row = page.rows.first { UploadedFile($0)?.key.hasSameBytes(as: key) == true }
            guard let row else { return try refuse(errand.name, Self.notFound, &turn) }
            try take(row, &download, turn)
        case .done(.object(let object)):
            guard let url = object["url"]?.stringValue else { return wait(name, &turn) }
            files[name].address = url
            files[name].isGood = false
        case .missing: return try refuse(errand.name, Self.notFound, &turn)
        case .denied(let error), .rejected(let error): return try refuse(errand.name, EntryFailure(error), &turn)
        // The server keeps no files, or not for this key: asked for the next one, it would say the same.
        case .tableRefused:
            serverWait = turn.later(serverWait)
            return
        default: return wait(name, &turn)
        }
        serverWait = nil
        files[name].wait = nil
    }

    private mutating func wait(_ name: ExactString, _ turn: inout EngineTurn<some DownloadStore>) {
        files[name].wait = turn.later(files[name].wait)
    }

    private mutating func refuse(
        _ name: String, _ failure: EntryFailure, _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        try turn.store.refuse(name, because: failure)
        files.forget(ExactString(name))
    }

    /// The server's record of a file. Bytes that are here of another one are of no use.
    private func take(
        _ row: AnswerRow, _ download: inout Download, _ turn: EngineTurn<some DownloadStore>
    ) throws {
        let file = try row.document()
        if let former = download.file, former["s3Key"] != file["s3Key"] { download.reset() }
        download.file = file
        if download.bytes == nil { download.bytes = turn.store.newBytesName() }
        if let url = file["url"]?.stringValue { try turn.store.noteOrigin(of: url) }
        try turn.store.keep(download)
    }

    private mutating func take(
        _ word: BytesWord, _ download: inout Download, _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        let name = ExactString(download.name)
        switch word {
        case .came(let bytes, let tag):
            storageWait = nil
            files[name].isGood = true
            files[name].refusals = 0
            try take(bytes, tag, &download, &turn)
        case .refused(let failure):
            let isGood = files[name].isGood
            files[name].address = nil
            files[name].isGood = false
            // A public file's own address is all there is to ask for.
            guard download.file != nil else { return try refuse(download.name, failure, &turn) }
            // An address that was good has expired: another one is asked for at once.
            if isGood { return }
            files[name].refusals += 1
            if files[name].refusals >= Self.mostRefusals { return try refuse(download.name, failure, &turn) }
            wait(name, &turn)
        case .missing(let failure):
            guard download.file != nil else { return try refuse(download.name, failure, &turn) }
            // The server says whether the file is still there.
            files[name].address = nil
            download.file = nil
            try turn.store.keep(download)
            wait(name, &turn)
        case .changed:
            download.reset()
            try turn.store.keep(download)
            wait(name, &turn)
        case .tooLarge where download.size == nil:
            files[name].lacksRoom = true
            files[name].wait = RetryWait(until: turn.now.advanced(by: Self.roomWait))
        case .tooLarge: try damaged(&download, &turn)
        case .silent(_, let retryAfter):
            var wait = turn.later(storageWait)
            if let retryAfter {
                wait.until = max(
                    wait.until, turn.now.advanced(by: min(retryAfter, turn.configuration.retryAfterCeiling)))
            }
            storageWait = wait
        case .unwritable: wait(name, &turn)
        }
    }

    private mutating func take(
        _ bytes: ReceivedBytes, _ tag: String?, _ download: inout Download,
        _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        let name = ExactString(download.name)
        download.have = bytes.have
        download.tag = tag
        guard let sha256 = bytes.sha256 else {
            // Without a strong validator nobody can tell whether others go on with them.
            if tag == nil {
                download.reset()
                wait(name, &turn)
                return try turn.store.keep(download)
            }
            try turn.store.keep(download)
            // A few bytes each time would go on for ever.
            if bytes.have - bytes.start >= Self.progress { files[name].wait = nil } else { wait(name, &turn) }
            return
        }
        let promised = download.file?["sha256"]?.stringValue?.lowercased()
        guard download.size == nil || download.size == bytes.have, promised == nil || promised == sha256 else {
            return try damaged(&download, &turn)
        }
        try turn.store.complete(
            download, DownloadedBytes(size: bytes.have, sha256: sha256, type: bytes.type))
        files.forget(name)
    }

    /// Other bytes came than the server's record promises. That may be a proxy's doing, once.
    private mutating func damaged(_ download: inout Download, _ turn: inout EngineTurn<some DownloadStore>) throws {
        let name = ExactString(download.name)
        download.reset()
        download.damaged += 1
        files[name].address = nil
        if download.damaged > 1 { return try refuse(download.name, Self.damaged, &turn) }
        try turn.store.keep(download)
        wait(name, &turn)
    }

    private static let notFound = EntryFailure(
        code: "file/not-found", message: "the server has no such file, or doesn't show it to this user", status: 404)
    private static let damaged = EntryFailure(
        code: "damaged", message: "the storage sent other bytes than the server's record of the file promises, twice")
}
