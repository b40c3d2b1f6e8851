import BkendSync
import BkendWire
import Foundation

extension StoreSync {
    /// Fetches a file of the server's into the store, as the store's user. Synchronisation needn't run.
    nonisolated func downloadFile(_ name: String) async throws {
        let owner = try await open.read { try $0.owner }
        try await requireOwner(owner)
        let known = try await open.read { try $0.aliases.resolve(name) }
        var download = Download(name: known)
        let address = try await address(of: &download)
        let size = download.size
        let (bytes, room) = try await open.besides { try $0.roomForDownload(of: size ?? 1) }
        defer { withExtendedLifetime(room) {} }
        guard let folder = try open.core.database.files else { throw StoreError(.file(.notHere)) }
        // Its lock keeps every sweep away until a row names it.
        let file = try FetchedFile(bytes, have: 0, in: folder)
        // Once a row has it, it has another name.
        defer { unlink(folder.file(bytes)) }
        download.bytes = bytes
        let whole = try await fetch(download, from: address, into: file, folder)
        // Nobody else's file goes into this store: not if another user has signed in meanwhile either.
        try await requireOwner(owner)
        let fetched = download
        try await open.write { store in
            guard try store.owner == owner else { throw StoreError(.otherOwner) }
            try store.attaching.take(fetched, whole)
        }
        withExtendedLifetime(file) {}
    }

    /// Where the bytes of a file are; the server's record of it is noted.
    private nonisolated func address(of download: inout Download) async throws -> String {
        let name = download.name
        let id: String
        switch FileName(name, server: runner.address.text) {
        case nil: throw BkendError(.invalidArgument("\(name.prefix(100)) isn't the id, key or address of a file"))
        case .address(let url):
            let server = Origin(runner.address.text)
            guard let origin = Origin(url),
                try await open.read({ try origin == server || $0.downloads.isKnown(origin) })
            else {
                throw BkendError(
                    .invalidArgument(
                        "\(Redaction.withoutQuery(url)) isn't an address of the server, or of a storage that it uses"))
            }
            return url
        case .id(let name): id = name
        case .key(let key):
            var call = Call(.get, ["files"], options: .default)
            call.query = FileName.search(forKey: key)
            let answer = try await runner.run(call)
            let found = answer.json["items"]?.arrayValue?.first { ($0["s3Key"] ?? $0["key"])?.stringValue == key }
            guard let found = found?["id"]?.stringValue else {
                throw BkendError(
                    .server(ErrorBody("file/not-found", "the server shows no file of the key \(key)", status: 404)))
            }
            id = found
        }
        let record = Call(.get, ["files", id], options: .default)
        let answer = try await runner.run(record)
        guard case .object(let file) = answer.json, file["id"]?.stringValue != nil else {
            throw answer.mismatch(record, JSONCodingError(path: "", message: "expected a file's record"))
        }
        download.file = file
        let question = Call(.post, ["files", id, "download-url"], options: .default)
        let said = try await runner.run(question)
        guard let url = said.json["url"]?.stringValue else {
            throw said.mismatch(question, JSONCodingError(path: "url", message: "expected an address"))
        }
        return url
    }

    /// Fetches all bytes, piece by piece.
    private nonisolated func fetch(
        _ download: Download, from address: String, into file: FetchedFile, _ folder: FileFolder
    ) async throws -> DownloadedBytes {
        var download = download
        var failures = 0
        let limit = try open.core.database.fileLimits.file
        while true {
            let get = BytesGet(
                url: address, name: download.bytes ?? "", have: file.have, tag: download.tag, most: Self.piece,
                size: download.size, limit: download.size ?? limit)
            let fetching = FetchedBytes(runner: runner, get: get, folder: folder, deadline: Self.pieceDeadline) { _ in }
            let before = file.have
            let failure: BkendError
            switch Verdict(.get(get), await fetching.run(into: file)) {
            case .bytes(.came(let bytes, let tag)):
                if let sha256 = bytes.sha256 {
                    let promised = download.file?["sha256"]?.stringValue?.lowercased()
                    guard promised == nil || promised == sha256, download.size ?? bytes.have == bytes.have else {
                        throw BkendError(.file(.damaged))
                    }
                    return DownloadedBytes(size: bytes.have, sha256: sha256, type: bytes.type)
                }
                download.tag = tag
                if tag == nil { try file.begin() }
                if bytes.have > before { failures = 0 }
                failure = BkendError(.file(.storage(status: 206)))
                if tag != nil, bytes.have - before >= Self.piece { continue }
            case .bytes(.changed):
                try file.begin()
                download.tag = nil
                failure = BkendError(.file(.damaged))
            case .bytes(.refused(let reason)), .bytes(.missing(let reason)):
                throw BkendError(.file(.storage(status: reason.status ?? 403)))
            case .bytes(.silent(let reason, _)):
                failure = BkendError(
                    .file(reason.status.map { FileFailure.storage(status: $0) } ?? .unreadable(reason.message)))
            case .bytes(.unwritable(let reason)): throw BkendError(.file(.unreadable(reason.message)))
            case .bytes(.otherSize): throw BkendError(.file(.damaged))
            default: throw BkendError(.cancelled(.notSent))
            }
            try Task.checkCancellation()
            failures += 1
            if failures >= Self.attempts { throw failure }
            try await runner.pacing.sleep(.seconds(1 << failures))
        }
    }

    /// How many bytes are asked for at once, how long that may take, and how many times in a row it may fail.
    private static let (piece, pieceDeadline, attempts) = (
        SyncConfiguration(server: "").downloadPiece, Duration.seconds(8_192), 4
    )
}
