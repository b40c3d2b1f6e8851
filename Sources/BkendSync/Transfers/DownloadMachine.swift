import BkendWire

/// The files that subscriptions keep here: which one is fetched when, and what answers mean. Nothing of it can do harm on a
/// server, so all that must last is which bytes are here, and of what.
struct DownloadMachine: Sendable {
    /// What is remembered of files, by their names.
    var files = Memories<ExactString, FileMemory>()
    /// Storages that don't answer, and are left alone for a while.
    var storages = Memories<Origin, StorageMemory>()
    /// The server takes no questions about files, and isn't asked for a while.
    var serverWait: RetryWait?
    /// When it is looked again whether there is room for what is held: at the start first, for what was held before.
    var roomDue: SyncInstant? = .zero
    /// Whether the last bytes couldn't be written here, so that no others are asked for until it is looked again.
    var cannotWrite = false
    /// When more records, or more files, are looked at.
    private var lookDue: SyncInstant?
    /// Whether the server was asked where its files are.
    var hasAskedOrigins = false

    /// What is remembered of a file between events.
    struct FileMemory: Memorable {
        /// It waits after a failure. The failures are counted until bytes come.
        var wait: RetryWait?
        /// Where its bytes are, as the server has said since the start.
        var address: String?
        /// Whether bytes have come from there.
        var isGood = false
        /// How often in a row its bytes weren't where they should be.
        var refusals = 0
    }

    /// What is remembered of a storage between events.
    struct StorageMemory: Memorable {
        var wait: RetryWait?
    }

    /// How many files are looked at for one that may be fetched.
    private static let candidates = 8
    /// How many records, and how many files that can't be fetched, are looked at in one transaction.
    private static let looks = 200
    /// How often in a row a file's bytes may not be where they should be.
    static let mostRefusals = 5
    /// How often other bytes may come than the server's record promises.
    static let mostDamaged = 3
    /// How many bytes an answer must bring for the next one to be asked for at once.
    static let progress: Int64 = 64 << 10
    /// How long files are held for want of room before it is looked again.
    static let roomWait = Duration.seconds(60)
    /// Of how many files more is remembered than their failures.
    private static let mostMemories = 1_000

    /// Whether there are records or files left to look at.
    var isLooking: Bool { lookDue != nil }

    /// Nothing waits any longer, for whatever reason.
    mutating func tryNow(at now: SyncInstant) {
        files.changeAll { $0.wait?.until = now }
        storages.changeAll { $0.wait?.until = now }
        serverWait?.until = now
        roomDue = now
    }

    /// The moments at which something that waits is due.
    var moments: [SyncInstant] {
        files.all.compactMap(\.wait?.until) + storages.all.compactMap(\.wait?.until)
            + [serverWait?.until, roomDue, lookDue].compactMap(\.self)
    }

    // MARK: Planning

    /// Sends what may be sent.
    mutating func plan(_ turn: inout EngineTurn<some DownloadStore>) throws {
        let server = turn.configuration.address
        lookDue = nil
        if try turn.store.lookAtNamedFiles(limit: Self.looks, server: server) { lookSoon(turn) }
        var (underWay, bytesUnderWay) = try planned(&turn)
        if files.all.count > Self.mostMemories { files = Memories() }
        let most = turn.configuration.parallelDownloads
        var room: Int64?
        if let due = roomDue, due <= turn.now {
            roomDue = nil
            cannotWrite = false
            let left = try turn.store.roomForKept(besides: bytesUnderWay)
            if try turn.store.letGo(upTo: left) { lookForRoomLater(turn) }
            room = left
        }
        if cannotWrite { return }
        guard underWay.count < most else { return }
        let waiting = files.all.count { $0.wait != nil }
        var passed = 0
        for download in try turn.store.downloads(limit: Self.candidates + waiting + underWay.count) {
            let name = ExactString(download.name)
            guard !underWay.contains(name), turn.isDue(files[name].wait) else { continue }
            let left = try room ?? turn.store.roomForKept(besides: bytesUnderWay)
            room = left
            if left <= 0 {
                try turn.store.holdAll()
                return lookForRoomLater(turn)
            }
            switch try send(download, left: left, &turn) {
            case .sent(let bytes):
                underWay.insert(name)
                bytesUnderWay += bytes
                room = left - bytes
            case .gone: passed += 1
            case .waits: break
            }
            if underWay.count == most { return }
        }
        // Whatever stands behind what was refused or held is looked at next.
        if passed > 0 { lookSoon(turn) }
    }

    /// Files are held: it is looked again whether there is room for them.
    mutating func lookForRoomLater(_ turn: EngineTurn<some DownloadStore>) {
        roomDue = roomDue ?? turn.now.advanced(by: Self.roomWait)
    }

    private mutating func lookSoon(_ turn: EngineTurn<some DownloadStore>) {
        lookDue = turn.now.advanced(by: .milliseconds(1))
    }

    /// What is on its way, and how many bytes of it are still to come. What no record names any more isn't waited for.
    private mutating func planned(
        _ turn: inout EngineTurn<some DownloadStore>
    ) throws -> (names: Set<ExactString>, bytes: Int64) {
        var (names, bytes): (Set<ExactString>, Int64) = ([], 0)
        for flight in turn.shared.flights.all {
            guard let errand = flight.errand.download else { continue }
            if let download = try turn.store.download(errand.name) {
                names.insert(ExactString(errand.name))
                if errand.ask == .bytes { bytes += Self.rest(of: download, turn) }
            } else {
                _ = turn.shared.flights.land(flight.id)
                turn.perform(.cancel(flight.id))
                files.forget(ExactString(errand.name))
                if errand.ask == .origins { hasAskedOrigins = false }
            }
        }
        return (names, bytes)
    }

    /// How many bytes of a file are still to come, as far as is known.
    private static func rest(of download: Download, _ turn: EngineTurn<some DownloadStore>) -> Int64 {
        max(1, (download.size ?? turn.configuration.downloadPiece) - download.have)
    }

    /// What became of a file that was looked at.
    private enum Planned {
        /// Something was asked; so many bytes come.
        case sent(Int64)
        /// It waits no more.
        case gone
        /// It goes on waiting.
        case waits
    }

    /// Asks what a download asks next.
    private mutating func send(
        _ download: Download, left: Int64, _ turn: inout EngineTurn<some DownloadStore>
    ) throws -> Planned {
        guard let name = FileName(download.name, server: turn.configuration.address) else {
            return try refused(
                download, EntryFailure(code: "invalidName", message: "this can't be the name of a file"), &turn)
        }
        // Before anything is asked: without room nothing of it is of use.
        if let size = download.size, size - download.have > left {
            try turn.store.hold(download.name, size: size)
            files.forget(ExactString(download.name))
            lookForRoomLater(turn)
            return .gone
        }
        let address: String
        switch name {
        case .address(let url):
            guard let origin = Origin(url) else { return try refused(download, Self.unknownHost, &turn) }
            guard try origin == Origin(turn.configuration.address) || turn.store.isKnown(origin) else {
                if hasAskedOrigins { return try refused(download, Self.unknownHost, &turn) }
                guard mayAsk(turn) else { return .waits }
                // Any file's record says where the server's files are.
                hasAskedOrigins = true
                try ask(.origins, .files(Self.newest), download, &turn)
                return .sent(0)
            }
            address = url
        case .id, .key:
            guard let file = download.file, let id = file[SystemField.id.rawValue]?.stringValue else {
                guard mayAsk(turn) else { return .waits }
                if case .id(let id) = name { try ask(.record, .file(id: id), download, &turn) }
                if case .key(let key) = name {
                    try ask(.search(key: key), .files(FileName.search(forKey: key)), download, &turn)
                }
                return .sent(0)
            }
            guard let known = files[ExactString(download.name)].address else {
                guard mayAsk(turn) else { return .waits }
                try ask(.address, .fileAddress(id: id), download, &turn)
                return .sent(0)
            }
            address = known
        }
        return try fetch(download, from: address, left: left, &turn)
    }

    /// Whether bkend may be asked about files.
    private func mayAsk(_ turn: EngineTurn<some DownloadStore>) -> Bool { turn.maySend && turn.isDue(serverWait) }

    private mutating func refused(
        _ download: Download, _ failure: EntryFailure, _ turn: inout EngineTurn<some DownloadStore>
    ) throws -> Planned {
        try refuse(download.name, failure, &turn)
        return .gone
    }

    private func ask(
        _ ask: DownloadAsk, _ operation: SyncRequest.Operation, _ download: Download,
        _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        try turn.send(.download(DownloadErrand(name: download.name, ask: ask)), operation)
    }

    private static let newest = [
        QueryItem("sortBy", "createdAt"), QueryItem("sortDirection", "desc"), QueryItem("page", "1"),
        QueryItem("limit", "5"),
    ]

    private mutating func fetch(
        _ download: Download, from address: String, left: Int64, _ turn: inout EngineTurn<some DownloadStore>
    ) throws -> Planned {
        if let origin = Origin(address), !turn.isDue(storages[origin].wait) { return .waits }
        var download = download
        // The row names the bytes before there are any: no sweep takes them then.
        if download.bytes == nil {
            download.bytes = turn.store.newBytesName()
            try turn.store.keep(download)
        }
        let piece = turn.configuration.downloadPiece
        let get = BytesGet(
            url: address, name: download.bytes ?? "", have: download.have, tag: download.tag, most: piece,
            size: download.size, limit: download.size ?? left)
        // A storage that knows no pieces sends all; nobody waits longer than a day.
        let seconds = min((download.size ?? piece) / max(1, turn.configuration.slowestTransfer), 86_400)
        try turn.send(
            .download(DownloadErrand(name: download.name, ask: .bytes)), .get(get),
            deadline: turn.configuration.requestDeadline + .seconds(seconds))
        return .sent(Self.rest(of: download, turn))
    }

    static let unknownHost = EntryFailure(
        code: DownloadRefusal.unknownHost,
        message: "the server hasn't given any address there; files are fetched only where it has")
    static let notFound = EntryFailure(
        code: "file/not-found", message: "the server has no such file, or doesn't show it to this user", status: 404)
    static let damaged = EntryFailure(
        code: "damaged", message: "the storage sends other bytes than the server's record of the file promises")
}
