import BkendSync
import BkendTransport
import BkendWire
import Foundation
import HTTPTypes

/// One download: the bytes go to a partial file beside the place, and to the place once they are complete.
struct FileDownloading {
    let files: Files
    let id: String
    let place: URL
    let meter: TransferMeter
    /// What is left of the download's time.
    let left: @Sendable () -> Duration?

    /// How many bytes an attempt must bring for those after it to be counted anew.
    private static let progress = 64 << 10

    func run() async throws(BkendError) -> RemoteFile {
        let file = try await files.get(id, options: callOptions())
        let part = try PartialFile(of: place, id: id)
        defer { part.close() }
        var address = try await files.url(id, options: callOptions()).url
        var isNewAddress = true
        var attempt = 1
        while true {
            let before = part.size
            let (outcome, failure): (RetryPolicy.Outcome, BkendError)
            do {
                switch try await fetch(address, into: part, total: file.size) {
                case .complete: return try await finish(part, file)
                case .refused(403, _) where !isNewAddress:
                    address = try await files.url(id, options: callOptions()).url
                    isNewAddress = true
                    continue
                case .refused(_, let refusal): throw refusal
                case .busy(let head, let refusal):
                    (outcome, failure) = (.answered(head, isFromServer: false), refusal)
                }
            } catch let error as TransportError {
                (outcome, failure) = (.failed(error), BkendError(BkendError.Reason(error)))
            } catch let error as BkendError {
                throw error
            } catch is CancellationError {
                throw BkendError(.cancelled(.notSent))
            } catch {
                throw BkendError(
                    .file(.unreadable("\(place.lastPathComponent) can't be written: \(error.localizedDescription)")))
            }
            isNewAddress = false
            // As long as bytes come, it is worth going on. A few bytes each time would go on for ever.
            if part.size - before >= Self.progress { attempt = 1 }
            try await files.runner.pause(after: outcome, failure, attempt: attempt, left: left())
            attempt += 1
        }
    }

    private func callOptions() -> CallOptions { CallOptions(deadline: left().map { min($0, .seconds(60)) }) }

    private enum Fetched {
        case complete
        case refused(Int, BkendError)
        case busy(HTTPResponse, BkendError)
    }

    /// Asks for what is missing. Bytes are put together only where the storage says that they belong together: the same
    /// strong `ETag`, the right start, the right length.
    private func fetch(_ address: String, into part: PartialFile, total: Int) async throws -> Fetched {
        var fields: HTTPFields = [.acceptEncoding: "identity"]
        let begun = part.begun()
        if let begun, begun.bytes == total, total > 0 { return .complete }
        if let begun, begun.bytes < total {
            fields[.range] = "bytes=\(begun.bytes)-"
            fields[.ifRange] = begun.tag
        }
        let request = try files.runner.addressed(.get, address, fields, deadline: left())
        let response = try await files.runner.exchange(request)
        let head = response.head
        let tag = head.headerFields[.eTag]
        var have = 0
        func malformed(_ reason: String) -> TransportError {
            TransportError(kind: .malformedResponse, delivery: .answered, replay: .idempotent, reason: reason)
        }
        switch head.status.code {
        case 206:
            guard let begun, tag == begun.tag,
                head.headerFields[.contentRange] == "bytes \(begun.bytes)-\(total - 1)/\(total)"
            else {
                try part.reset()
                throw malformed("the storage sent a different part than requested")
            }
            have = begun.bytes
        case 200:
            // Somebody in between may answer a page of their own: what is there isn't given up for that.
            let length = head.headerFields[.contentLength].flatMap { Int($0) }
            guard let tag, length == nil || length == total else {
                throw malformed("the answer has no ETag, or another length than the file, and so isn't the storage's")
            }
            try part.begin(tag)
        case 416:
            try part.reset()
            throw malformed("the file has changed")
        case let status:
            let refusal = CallRunner.refusal(head, try await response.body.collect(upTo: 1 << 20))
            if status == 408 || status == 429 || status >= 500 { return .busy(head, refusal) }
            return .refused(status, refusal)
        }
        meter.set(have, of: total)
        try part.seek(to: have)
        for try await chunk in response.body {
            have += chunk.count
            guard have <= total else {
                try part.reset()
                throw BkendError(.file(.damaged))
            }
            try part.write(chunk)
            meter.set(have, of: total)
        }
        guard have == total else {
            throw TransportError(
                kind: .connectionLost, delivery: .answered, replay: .idempotent,
                reason: "the body ended after \(have) of \(total) bytes")
        }
        try part.synchronize()
        return .complete
    }

    /// Checks the bytes, and puts them in their place.
    private func finish(_ part: PartialFile, _ file: RemoteFile) async throws -> RemoteFile {
        let isWhole = part.size == file.size
        var isSame = isWhole
        if isWhole, let expected = file.sha256 { isSame = try await part.sha256() == expected.lowercased() }
        guard isSame else {
            try part.reset()
            throw BkendError(.file(.damaged))
        }
        try part.move(to: place)
        meter.set(file.size, of: file.size)
        return file
    }
}

/// What a download has so far: `.NAME.ID.part` beside its place, and `.NAME.ID.tag` with the validator of the bytes. One
/// download at a time has it.
final class PartialFile {
    private let bytes: URL
    private let tag: URL
    private let handle: FileHandle

    /// The partial file of a place, with its lock.
    init(of place: URL, id: String) throws(BkendError) {
        let folder = place.deletingLastPathComponent()
        let safe = id.filter { $0.isLetter || $0.isNumber || $0 == "-" }.prefix(64)
        bytes = folder.appending(path: ".\(place.lastPathComponent).\(safe).part")
        tag = folder.appending(path: ".\(place.lastPathComponent).\(safe).tag")
        func failure(_ what: String) -> BkendError {
            BkendError(.file(.unreadable("\(place.lastPathComponent) \(what)")))
        }
        while true {
            let descriptor = open(bytes.path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw failure("can't be written: \(String(cString: strerror(errno)))") }
            var (mine, there) = (stat(), stat())
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                Foundation.close(descriptor)
                throw failure("is being downloaded to the same place already")
            }
            // A download that has just ended has moved it, or removed it.
            if fstat(descriptor, &mine) == 0, lstat(bytes.path, &there) == 0, mine.st_ino == there.st_ino {
                handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
                return
            }
            Foundation.close(descriptor)
        }
    }

    /// How many bytes there are.
    var size: Int {
        var status = stat()
        return fstat(handle.fileDescriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// How many bytes there are, and what they are a part of; nil where there are none that could be gone on with.
    func begun() -> (bytes: Int, tag: String)? {
        guard size > 0, let tag = try? String(contentsOf: tag, encoding: .utf8), !tag.isEmpty else { return nil }
        return (size, tag)
    }

    /// Begins anew. A weak validator is no ground to put parts together.
    func begin(_ etag: String) throws {
        try reset()
        if etag.hasPrefix("\""), etag.utf8.count <= 256 { try Data(etag.utf8).write(to: tag) }
    }

    /// Gives up what is there.
    func reset() throws {
        try handle.truncate(atOffset: 0)
        if FileManager.default.fileExists(atPath: tag.path) { try FileManager.default.removeItem(at: tag) }
    }

    func seek(to position: Int) throws { try handle.seek(toOffset: UInt64(position)) }
    func write(_ chunk: some DataProtocol) throws { try handle.write(contentsOf: chunk) }
    func synchronize() throws { try handle.synchronize() }

    func sha256() async throws -> String {
        try seek(to: 0)
        var hash = SHA256()
        while let data = try handle.read(upToCount: FileSource.chunk), !data.isEmpty {
            hash.update(Array(data))
            // A large file takes seconds.
            try Task.checkCancellation()
            await Task.yield()
        }
        return hash.finish()
    }

    func move(to place: URL) throws {
        guard rename(bytes.path, place.path) == 0 else {
            throw BkendError(
                .file(
                    .unreadable("\(place.lastPathComponent) can't be put in place: \(String(cString: strerror(errno)))")
                ))
        }
        try? FileManager.default.removeItem(at: tag)
    }

    /// Lets go of it. What has no bytes is of no use.
    func close() {
        var there = stat()
        var mine = stat()
        let isThere =
            fstat(handle.fileDescriptor, &mine) == 0 && lstat(bytes.path, &there) == 0 && mine.st_ino == there.st_ino
        if isThere, mine.st_size == 0 {
            unlink(bytes.path)
            unlink(tag.path)
        }
        try? handle.close()
    }
}
