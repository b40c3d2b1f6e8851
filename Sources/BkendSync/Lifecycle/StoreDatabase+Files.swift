import BkendWire

/// A store's files: their bytes and their rows together.
extension StoreDatabase {
    /// Attaches a file: its bytes are durable under their name before a row names them, and a lock keeps every sweep away
    /// until then.
    ///
    /// - Parameter fields: what the server is told of the file.
    /// - Throws: `StoreError`, mostly with a `LocalFileProblem`.
    package func attach(_ source: AttachedSource, _ fields: JSONObject) throws -> StoredFile {
        try writing(source) { transaction, bytes in try transaction.attaching.attach(bytes, fields) }
    }

    /// Puts other bytes in the place of a waiting file's.
    package func replaceBytes(of name: String, with source: AttachedSource) throws {
        try writing(source) { transaction, bytes in
            try transaction.attaching.replaceBytes(of: name, with: bytes)
        }
    }

    private func writing<Result>(
        _ source: AttachedSource, _ commit: (StoreTransaction, WrittenBytes) throws -> Result
    ) throws -> Result {
        guard let files else { throw StoreError(.unusable("an in-memory store can't hold files")) }
        let limits = fileLimits
        let size = try source.size()
        if size == 0 { throw StoreError(.file(.empty)) }
        if size > limits.file { throw StoreError(.file(.tooLarge(limit: limits.file))) }
        let room = try files.reserve(size, waiting: try read { try $0.files.waitingBytes() }, limits) { missing in
            try evictFiles(freeing: missing)
        }
        defer { withExtendedLifetime(room) {} }
        let draft = try files.draft()
        try source.copy(to: draft, limit: limits.file)
        let bytes = try draft.finish()
        // A file that shrank to nothing while it was copied.
        if bytes.size == 0 { throw StoreError(.file(.empty)) }
        let result = try write { try commit($0, bytes) }
        draft.release()
        // What was uploaded meanwhile has become a cache.
        try? evictFiles()
        return result
    }

    // MARK: Reading

    /// The bytes that an id, a key or an address belongs to, and the file's row.
    ///
    /// - Throws: `LocalFileProblem.notHere`
    package func openFile(_ name: String) throws -> (file: StoredFile, bytes: OpenedBytes) {
        guard let files, let file = try read({ try $0.files.find(name) }) else { throw StoreError(.file(.notHere)) }
        guard let bytes = OpenedBytes(file.bytes, in: files) else {
            // Bytes that the server has too may have made room on a full disk, where no row could be written.
            if file.upload == nil { try? write { try $0.attaching.forget([file]) } }
            throw StoreError(.file(.notHere))
        }
        // Only for the order in which bytes make room: a disk that can't be written needs none.
        if file.upload == nil { try? write { try $0.files.noteUse(file.record) } }
        return (file, bytes)
    }

    // MARK: Making room

    /// A name for bytes that come from the server, and the room that is held for them.
    ///
    /// - Throws: `LocalFileProblem.noRoom`, `tooLarge`
    package func roomForDownload(of size: Int64) throws -> (name: String, room: ReservedRoom) {
        guard let files else { throw StoreError(.unusable("an in-memory store can't hold files")) }
        let limits = fileLimits
        if size > limits.file { throw StoreError(.file(.tooLarge(limit: limits.file))) }
        let room = try files.reserve(size, waiting: nil, limits) { try evictFiles(freeing: $0) }
        return (FileDraft.newName() + FileFolder.downloadSuffix, room)
    }

    /// Takes bytes away that the server has too, those first that were asked for longest ago, until they fit the limit.
    package func evictFiles() throws {
        let cached = try read { try $0.files.cachedBytes() }
        if cached > fileLimits.cached { try evictFiles(freeing: cached - fileLimits.cached) }
    }

    /// Takes so many bytes away that the server has too. The bytes go before their rows: on a full disk no row can be
    /// written, and such a row promises nothing.
    private func evictFiles(freeing bytes: Int64) throws {
        guard let files else { return }
        var (left, passed) = (bytes, 0)
        while left > 0 {
            let candidates = try read { try $0.files.leastUsed(limit: passed + 100) }.dropFirst(passed)
            if candidates.isEmpty { return }
            var gone: [StoredFile] = []
            for file in candidates where left > 0 {
                if files.evict(file.bytes) {
                    gone.append(file)
                    left -= file.size
                } else {
                    // Somebody reads it.
                    passed += 1
                }
            }
            if gone.isEmpty { continue }
            do { try write { try $0.attaching.forget(gone) } } catch { passed += gone.count }
        }
    }

    // MARK: Sweeping

    /// Takes all bytes away that no row names; see `FileSweep`.
    ///
    /// - Returns: how many were put aside.
    @discardableResult
    package func sweepFiles() throws -> Int {
        var sweep = try FileSweep(of: self)
        while try sweep.step(self) {}
        return sweep.aside
    }
}

/// Takes bytes away that no row names: a process was killed between the bytes and their row, or between a row's end and
/// its bytes'. After rows were lost such bytes are put aside, into the folder "unclaimed", and reported.
struct FileSweep {
    private var names: ArraySlice<String>
    private let isAside: Bool
    /// Whether somebody was at work on one.
    private var hasPassedBusy = false
    /// How many were put aside.
    private(set) var aside = 0

    /// How many names one step looks at.
    private static let batch = 100

    init(of database: StoreDatabase) throws {
        names = try database.files?.names()[...] ?? []
        isAside = try database.damage != nil || database.read { try $0.meta(MetaKey.unclaimedFiles) } != nil
    }

    /// Looks at some more names; whether any are left.
    mutating func step(_ database: StoreDatabase) throws -> Bool {
        guard let files = database.files else { return false }
        for name in names.prefix(Self.batch) {
            let swept = try files.sweep(name, aside: isAside) { name in
                try database.read { try $0.files.isNamed(name) || $0.downloads.isNamed(name) }
            }
            switch swept {
            case .passed: break
            case .aside: aside += 1
            case .busy: hasPassedBusy = true
            }
        }
        names = names.dropFirst(Self.batch)
        if !names.isEmpty { return true }
        guard isAside else { return false }
        try database.write { transaction in
            // What was passed over is the next sweep's, which must not delete it.
            if !hasPassedBusy { try transaction.setMeta(MetaKey.unclaimedFiles, nil) }
            if aside > 0 {
                try transaction.reports.add(
                    "unclaimedFiles", FileTable.name, "", detail: ["count": .int(Int64(aside))])
            }
        }
        return false
    }
}
