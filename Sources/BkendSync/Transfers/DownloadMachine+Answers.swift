import BkendWire

/// What answers mean for files that are to come.
extension DownloadMachine {
    /// Takes the answer to a step of a download.
    mutating func answered(
        _ errand: DownloadErrand, _ verdict: Verdict, of request: SyncRequest,
        _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        let name = ExactString(errand.name)
        guard var download = try turn.store.download(errand.name) else { return files.forget(name) }
        switch verdict {
        // It wasn't sent, by the sender's own decision; the session says when it may be.
        case .refused: return
        case .bytes(let word):
            guard case .get(let get) = request.operation else { return }
            return try take(word, to: get, &download, &turn)
        case .done(.record(let row)): try take(row, &download, turn)
        case .done(.page(let page)):
            switch errand.ask {
            case .origins:
                for row in page.rows {
                    if let url = (try? row.document())?["url"]?.stringValue { try turn.store.noteOrigin(of: url) }
                }
            case .search(let key):
                let row = page.rows.first { UploadedFile($0)?.key.hasSameBytes(as: key) == true }
                guard let row else { return try refuse(errand.name, Self.notFound, &turn) }
                try take(row, &download, turn)
            case .record, .address, .bytes: return wait(name, &turn)
            }
        case .done(.object(let object)):
            guard let url = object["url"]?.stringValue else { return wait(name, &turn) }
            files[name].address = url
            files[name].isGood = false
        case .missing: return try refuse(errand.name, Self.notFound, &turn)
        case .denied(let error), .rejected(let error): return try refuse(errand.name, EntryFailure(error), &turn)
        // A guest has no session that could be renewed.
        case .unauthorized(let error) where request.user.isEmpty:
            return try refuse(errand.name, EntryFailure(error), &turn)
        // The server keeps no files, or not for this key: asked for the next one, it would say the same.
        case .tableRefused:
            serverWait = turn.later(serverWait)
            return wait(name, &turn)
        default:
            if errand.ask == .origins { hasAskedOrigins = false }
            return wait(name, &turn)
        }
        serverWait = nil
        // What is asked next goes at once. How often it has failed counts until bytes come.
        files[name].wait?.until = turn.now
    }

    mutating func wait(_ name: ExactString, _ turn: inout EngineTurn<some DownloadStore>) {
        files[name].wait = turn.later(files[name].wait)
    }

    mutating func refuse(
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
        _ word: BytesWord, to get: BytesGet, _ download: inout Download, _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        let name = ExactString(download.name)
        let origin = Origin(get.url)
        switch word {
        case .came(let bytes, let tag):
            if let origin { storages.forget(origin) }
            files[name].isGood = true
            files[name].refusals = 0
            try take(bytes, tag, &download, &turn)
        case .refused(let failure):
            let isGood = files[name].isGood
            files[name].address = nil
            files[name].isGood = false
            // An address that was good has expired: another one is asked for at once.
            if isGood, download.file != nil { return }
            try countRefusal(of: name, failure, download, &turn)
        case .missing(let failure):
            // The server says whether the file is still there. What is here of it may be gone on with.
            files[name].address = nil
            if download.file != nil {
                download.file = nil
                try turn.store.keep(download)
            }
            try countRefusal(of: name, failure, download, &turn)
        case .changed:
            let wasEmpty = download.have == 0
            download.reset()
            try turn.store.keep(download)
            if wasEmpty { return try countRefusal(of: name, Self.damaged, download, &turn) }
            wait(name, &turn)
        case .otherSize(let size) where download.size == nil:
            try turn.store.hold(download.name, size: size)
            lookForRoomLater(turn)
        case .otherSize: try damaged(&download, &turn)
        case .silent(_, let retryAfter):
            // This file alone may be at fault, or its storage.
            wait(name, &turn)
            guard let origin else { return }
            var wait = turn.later(storages[origin].wait)
            if let retryAfter {
                wait.until = max(
                    wait.until, turn.now.advanced(by: min(retryAfter, turn.configuration.retryAfterCeiling)))
            }
            storages[origin].wait = wait
        case .unwritable:
            // No other file could be written either.
            try turn.store.hold(download.name, size: download.size)
            cannotWrite = true
            lookForRoomLater(turn)
        }
    }

    /// A file's bytes aren't where they should be. That may pass, but not for ever.
    private mutating func countRefusal(
        of name: ExactString, _ failure: EntryFailure, _ download: Download,
        _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        files[name].refusals += 1
        if files[name].refusals >= Self.mostRefusals { return try refuse(download.name, failure, &turn) }
        wait(name, &turn)
    }

    private mutating func take(
        _ bytes: ReceivedBytes, _ tag: String?, _ download: inout Download,
        _ turn: inout EngineTurn<some DownloadStore>
    ) throws {
        let name = ExactString(download.name)
        let before = download.have
        download.have = bytes.have
        download.tag = tag
        guard let sha256 = bytes.sha256 else {
            // Without a strong validator nobody can tell whether others go on with them.
            if tag == nil { download.reset() }
            try turn.store.keep(download)
            // A few bytes each time, or the same ones again, would go on for ever.
            if download.have - before >= Self.progress { files[name].wait = nil } else { wait(name, &turn) }
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

    /// Other bytes came than the server's record promises. That may be a proxy's doing.
    private mutating func damaged(_ download: inout Download, _ turn: inout EngineTurn<some DownloadStore>) throws {
        let name = ExactString(download.name)
        download.reset()
        download.damaged += 1
        files[name].address = nil
        if download.damaged >= Self.mostDamaged { return try refuse(download.name, Self.damaged, &turn) }
        try turn.store.keep(download)
        wait(name, &turn)
    }
}
