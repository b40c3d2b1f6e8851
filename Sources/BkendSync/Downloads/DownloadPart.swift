import BkendDocuments
import BkendWire

/// The files that subscriptions keep here: which records name which, and those that are still to come.
package struct DownloadPart<Store: StoreView>: StorePart {
    let store: Store

    /// Files that wait, in the order in which they were asked for.
    func waiting(limit: Int) throws -> [Download] {
        try db.all(
            "SELECT \(DownloadRow.columns) FROM sync_downloads WHERE state = 'waiting' ORDER BY number LIMIT ?",
            .int(limit), read: DownloadRow.read)
    }

    /// A file that waits, or is held for want of room; nil once it isn't.
    package func waiting(_ name: String) throws -> Download? {
        try db.first(
            "SELECT \(DownloadRow.columns) FROM sync_downloads WHERE name = ? AND state <> 'refused'", .text(name),
            read: DownloadRow.read)
    }

    /// Why a file doesn't come; nil while it may.
    package func refusal(of name: String) throws -> EntryFailure? {
        let text = try db.first(
            "SELECT progress FROM sync_downloads WHERE name = ? AND state = 'refused'", .text(name)
        ) { try $0.object(0) }
        return text.map { EntryFailure($0["failure"]?.objectValue ?? [:]) }
    }

    /// The files that wait and those that are refused, in numbers.
    package func status() throws -> DownloadStatus {
        var status = DownloadStatus()
        // Asked at each of the engine's steps.
        let sql = "SELECT state, files FROM sync_download_counts WHERE state IN ('waiting', 'held', 'refused')"
        for (state, files) in try db.all(sql, read: { ($0.text(0), Int($0.int(1))) }) {
            switch state {
            case "refused": status.refused = files
            case "held":
                status.waiting += files
                status.lacksRoom = files > 0
            default: status.waiting += files
            }
        }
        return status
    }

    /// Whether a row names bytes of a download.
    func isNamed(_ bytes: String) throws -> Bool {
        try db.number("SELECT 1 FROM sync_downloads WHERE bytes = ?", .text(bytes)) != 0
    }

    /// The origins of addresses that bkend itself has given.
    private func origins() throws -> [String] {
        try store.meta(MetaKey.fileOrigins).map { FilePaths.read($0) } ?? []
    }

    /// Whether bkend itself has given addresses of an origin.
    package func isKnown(_ origin: Origin) throws -> Bool {
        try origins().contains { $0.hasSameBytes(as: origin.text) }
    }

    /// The files that a subscription's records name, and those of them that are here.
    package func progress(of subscription: Int64) throws -> (named: Int, here: Int) {
        let sql = """
            SELECT count(*), count(here) FROM (
                SELECT DISTINCT kept.name, EXISTS (
                    SELECT 1 FROM sync_files WHERE record = kept.name OR key = kept.name OR url = kept.name) OR NULL AS here
                FROM sync_members AS member
                CROSS JOIN sync_subscriptions AS subscription ON subscription.number = member.subscription
                CROSS JOIN sync_kept AS kept
                    ON kept.record = member.record AND kept.collection = subscription.collection
                WHERE member.subscription = ?)
            """
        return try db.first(sql, .int(subscription)) { (Int($0.int(0)), Int($0.int(1))) } ?? (0, 0)
    }

    /// The paths whose files the subscriptions keep that a record is a member of.
    private func paths(of key: RecordKey) throws -> [String] {
        let sql = """
            SELECT files FROM sync_subscriptions AS subscription WHERE collection = ? AND files IS NOT NULL AND EXISTS
            (SELECT 1 FROM sync_members WHERE subscription = subscription.number AND record = ?)
            """
        return try db.all(sql, .text(key.table), .text(key.id)) { FilePaths.read($0.text(0)) }.flatMap(\.self)
    }

    /// The names that a record has for files that are kept. The address of a file that isn't public is its id: once it is
    /// public it has another.
    private func names(in key: RecordKey, server: String) throws -> [String] {
        let paths = try paths(of: key)
        guard !paths.isEmpty, let record = try store.documents.document(key.table, key.id)?.json else { return [] }
        var known: Set<ExactString> = []
        return FileName.all(in: record, at: paths).map { name in
            if case .id(let id) = FileName(name, server: server) { id } else { name }
        }.filter { known.insert(ExactString($0)).inserted }
    }
}

/// The fields whose files a subscription keeps, as they are stored.
enum FilePaths {
    static func read(_ text: String) -> [String] {
        (try? JSON(parsing: text))?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    static func text(_ paths: [String]) -> String { JSON.array(paths.map { .string($0) }).description }
}

extension DownloadPart where Store == StoreTransaction {
    // MARK: What is kept

    /// Keeps the files of these fields of a subscription's records from now on; nil for no files.
    func keepFiles(_ paths: [String]?, of subscription: Int64) throws {
        let text = paths.flatMap { $0.isEmpty ? nil : FilePaths.text($0) }
        let former = try db.first("SELECT files FROM sync_subscriptions WHERE number = ?", .int(subscription)) {
            $0.optionalText(0)
        }
        if former == .some(text) { return }
        try db.perform(
            "UPDATE sync_subscriptions SET files = ? WHERE number = ?", .optional(text), .int(subscription))
        try db.perform(
            """
            INSERT OR IGNORE INTO sync_looks SELECT collection, record FROM sync_members
            CROSS JOIN sync_subscriptions ON number = subscription WHERE number = ?
            """, .int(subscription))
        // The engine hears of it as of an app's decision about the outbox.
        try store.outbox.noteDecision()
    }

    /// Looks at records that may name other files than before.
    ///
    /// - Returns: whether any are left.
    func look(limit: Int, server: String) throws -> Bool {
        let looks = try db.all("SELECT collection, record FROM sync_looks WHERE collection > '' LIMIT ?", .int(limit)) {
            RecordKey($0.text(0), $0.text(1))
        }
        for key in looks {
            try look(at: key, server: server)
            try db.perform(
                "DELETE FROM sync_looks WHERE collection = ? AND record = ?", .text(key.table), .text(key.id))
        }
        return looks.count == limit
    }

    private func look(at key: RecordKey, server: String) throws {
        let names = try names(in: key, server: server)
        let former = try db.all(
            "SELECT name FROM sync_kept WHERE record = ? AND collection = ?", .text(key.id), .text(key.table)
        ) { $0.text(0) }
        let (now, before) = (Set(names.map(ExactString.init)), Set(former.map(ExactString.init)))
        for name in names {
            if !before.contains(ExactString(name)) {
                try db.perform(
                    "INSERT INTO sync_kept (record, collection, name) VALUES (?, ?, ?)", .text(key.id),
                    .text(key.table), .text(name))
            }
            try want(name)
        }
        for name in former where !now.contains(ExactString(name)) {
            try db.perform(
                "DELETE FROM sync_kept WHERE record = ? AND collection = ? AND name = ?", .text(key.id),
                .text(key.table), .text(name))
            if try !isKept(name) { try drop(name) }
            if let file = try store.files.find(name) { try noteKept(file) }
        }
    }

    /// Whether a record names a file.
    private func isKept(_ name: String) throws -> Bool {
        try db.number("SELECT 1 FROM sync_kept WHERE name = ? LIMIT 1", .text(name)) != 0
    }

    /// A record names a file: it is kept, or is to come. One that was refused is asked for again, since its record is
    /// another.
    private func want(_ name: String) throws {
        if let file = try store.files.find(name) { return try noteKept(file) }
        try db.perform(
            """
            INSERT INTO sync_downloads (name, state) VALUES (?, 'waiting')
            ON CONFLICT (name) DO UPDATE SET state = 'waiting', progress = '{}' WHERE state = 'refused'
            """, .text(name))
    }

    /// Notes whether a file that is here is kept. Past the limit it is an ordinary cached one. A file that waits for the
    /// server needs no such note, and gets one once the server has it.
    private func noteKept(_ file: StoredFile) throws {
        if file.upload != nil { return }
        let named = [file.record, file.key, file.url]
        var isKept = try named.contains { try self.isKept($0) }
        let wasKept = try db.number("SELECT kept FROM sync_files WHERE record = ?", .text(file.record)) != 0
        if isKept == wasKept { return }
        if isKept, let limit = store.room?.limits.kept, try store.files.keptBytes() + file.size > limit {
            isKept = false
        }
        try db.perform(
            "UPDATE sync_files SET kept = ? WHERE record = ?", .int(isKept ? 1 : 0), .text(file.record))
    }

    /// A kept file's bytes are gone: they are asked for again.
    func noteLost(_ file: StoredFile) throws {
        for name in [file.record, file.key, file.url] where try isKept(name) { return try want(name) }
    }

    // MARK: What comes

    /// bkend has given an address: what lies there may be fetched, also what was refused before. The newest 16 origins are
    /// remembered.
    func noteOrigin(of address: String) throws {
        guard let origin = Origin(address), try !isKnown(origin) else { return }
        try store.setMeta(MetaKey.fileOrigins, FilePaths.text(try origins().suffix(15) + [origin.text]))
        try retry(refusedAs: DownloadRefusal.unknownHost)
    }

    /// Keeps how far a download is.
    func keep(_ download: Download) throws {
        try db.perform(
            "UPDATE sync_downloads SET bytes = ?, size = ifnull(?, size), progress = ? WHERE name = ?",
            .optional(download.bytes),
            download.size.map { .int($0) } ?? .null, .utf8(DownloadRow.progress(download).serialized()),
            .text(download.name))
    }

    /// A file waits for room; the number of its bytes, where it is known.
    func hold(_ name: String, size: Int64?) throws {
        try db.perform(
            "UPDATE sync_downloads SET state = 'held', size = ifnull(?, size) WHERE name = ? AND state = 'waiting'",
            size.map { .int($0) } ?? .null, .text(name))
    }

    /// All files wait for room.
    func holdAll() throws { try db.perform("UPDATE sync_downloads SET state = 'held' WHERE state = 'waiting'") }

    /// There is room for files of so many bytes again; whether others still wait for some.
    func letGo(upTo bytes: Int64) throws -> Bool {
        try db.perform(
            "UPDATE sync_downloads SET state = 'waiting' WHERE state = 'held' AND ifnull(size, 1) <= ?", .int(bytes))
        return try db.number("SELECT 1 FROM sync_downloads WHERE state = 'held' LIMIT 1") != 0
    }

    /// All refused files are asked for again: the user is another.
    func retryRefused() throws {
        try db.perform(
            "UPDATE sync_downloads SET state = 'waiting', progress = '{}' WHERE state = 'refused'")
    }

    /// A file won't come: it isn't asked for again until a record that names it changes.
    func refuse(_ name: String, because failure: EntryFailure) throws {
        guard let download = try waiting(name) else { return }
        if let bytes = download.bytes { store.releasedBytes.append(bytes) }
        let progress: JSONObject = ["failure": .object(failure.json)]
        try db.perform(
            "UPDATE sync_downloads SET state = 'refused', bytes = NULL, progress = ? WHERE name = ?",
            .utf8(progress.serialized()), .text(name))
    }

    /// Files that were refused for a reason that is gone are asked for again.
    private func retry(refusedAs code: String) throws {
        let refused = try db.all("SELECT name, progress FROM sync_downloads WHERE state = 'refused'") {
            ($0.text(0), try $0.object(1))
        }
        for (name, progress) in refused where progress["failure"]?["code"]?.stringValue == code { try want(name) }
    }

    /// Nobody waits for a file any more.
    private func drop(_ name: String, but kept: String? = nil) throws {
        let bytes = try db.first("SELECT bytes FROM sync_downloads WHERE name = ?", .text(name)) { $0.optionalText(0) }
        if let bytes = bytes ?? nil, bytes != kept { store.releasedBytes.append(bytes) }
        try db.perform("DELETE FROM sync_downloads WHERE name = ?", .text(name))
    }

    /// A file is here: its bytes are durable under the name that it has for them.
    func complete(_ name: String, _ file: StoredFile) throws {
        for name in [name, file.record, file.key, file.url] { try drop(name, but: file.bytes) }
        // It may have come by another of its names.
        if try store.files.file(file.record) != nil {
            store.releasedBytes.append(file.bytes)
        } else {
            try store.files.add(file)
        }
        try noteKept(file)
    }

    /// What is here of files that are to come goes after the commit.
    func releaseAll() throws {
        store.releasedBytes += try db.all("SELECT bytes FROM sync_downloads WHERE bytes IS NOT NULL") { $0.text(0) }
    }
}

extension StoreView {
    /// The files that subscriptions keep here.
    package var downloads: DownloadPart<Self> { DownloadPart(store: self) }
}
