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

    func run() async throws(BkendError) -> RemoteFile {
        let file = try await files.get(id, options: callOptions())
        var address = try await files.url(id, options: callOptions()).url
        var isNewAddress = true
        var attempt = 1
        let policy = files.runner.options.retry
        while true {
            let part = PartialFile(of: place, id: id)
            let failure: (error: BkendError, outcome: RetryPolicy.Outcome?)
            do {
                switch try await fetch(address, into: part, total: file.size) {
                case .complete: return try await finish(part, file)
                case .refused(let status) where status == 403 && !isNewAddress:
                    address = try await files.url(id, options: callOptions()).url
                    isNewAddress = true
                    continue
                case .refused(let status):
                    failure = (BkendError(.file(.storage(status: status, code: nil))), nil)
                case .busy(let head):
                    failure = (
                        BkendError(.file(.storage(status: head.status.code, code: nil))),
                        .answered(head, isFromServer: false)
                    )
                }
            } catch let error as TransportError {
                failure = (
                    BkendError(error.kind == .cancelled ? .cancelled(error.delivery) : .transport(error)),
                    .failed(error)
                )
            } catch let error as BkendError {
                throw error
            } catch {
                throw BkendError(.file(.unreadable("\(place.lastPathComponent) can't be written: \(error)")))
            }
            isNewAddress = false
            guard let outcome = failure.outcome else { throw failure.error }
            let decision = files.runner.pacing.draw { generator in
                policy.decide(attempt: attempt, outcome: outcome, replay: .idempotent, now: Date(), using: &generator)
            }
            guard case .retry(let delay) = decision else { throw failure.error }
            do { try await files.runner.pacing.sleep(delay) } catch { throw BkendError(.cancelled(.notSent)) }
            attempt += 1
        }
    }

    private func callOptions() -> CallOptions { CallOptions(deadline: left().map { min($0, .seconds(60)) }) }

    private enum Fetched {
        case complete
        case refused(Int)
        case busy(HTTPResponse)
    }

    /// Asks for what is missing. Bytes are put together only where the storage says that they belong together: the same
    /// strong `ETag`, the right start, the right length.
    private func fetch(_ address: String, into part: PartialFile, total: Int) async throws -> Fetched {
        var fields: HTTPFields = [.acceptEncoding: "identity"]
        let begun = try part.begun()
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
        switch head.status.code {
        case 206:
            guard let begun, tag == begun.tag,
                head.headerFields[.contentRange] == "bytes \(begun.bytes)-\(total - 1)/\(total)"
            else {
                try part.remove()
                throw TransportError(
                    kind: .malformedResponse, delivery: .answered, replay: .idempotent,
                    reason: "the storage sent another part than was asked for")
            }
            have = begun.bytes
        case 200: try part.begin(tag)
        case 408, 429, 500...599: return .busy(head)
        case 416:
            try part.remove()
            throw TransportError(
                kind: .malformedResponse, delivery: .answered, replay: .idempotent,
                reason: "the file is another one than before")
        case let status: return .refused(status)
        }
        meter.set(have, of: total)
        let output = try part.open(at: have)
        defer { try? output.close() }
        for try await chunk in response.body {
            have += chunk.count
            guard have <= total else {
                try part.remove()
                throw BkendError(.file(.damaged))
            }
            try output.write(contentsOf: chunk)
            meter.set(have, of: total)
        }
        guard have == total else {
            throw TransportError(
                kind: .connectionLost, delivery: .answered, replay: .idempotent,
                reason: "the body ended after \(have) of \(total) bytes")
        }
        try output.synchronize()
        return .complete
    }

    /// Checks the bytes, and puts them in their place.
    private func finish(_ part: PartialFile, _ file: RemoteFile) async throws -> RemoteFile {
        guard try part.size() == file.size else {
            try part.remove()
            throw BkendError(.file(.damaged))
        }
        if let expected = file.sha256, try part.sha256() != expected.lowercased() {
            try part.remove()
            throw BkendError(.file(.damaged))
        }
        try part.move(to: place)
        meter.set(file.size, of: file.size)
        return file
    }
}

/// What a download has so far: `.NAME.ID.part` beside its place, and `.NAME.ID.tag` with the validator of the bytes.
struct PartialFile {
    private let bytes: URL
    private let tag: URL

    /// The partial file of a place.
    init(of place: URL, id: String) {
        let folder = place.deletingLastPathComponent()
        let safe = id.filter { $0.isLetter || $0.isNumber || $0 == "-" }.prefix(64)
        bytes = folder.appending(path: ".\(place.lastPathComponent).\(safe).part")
        tag = folder.appending(path: ".\(place.lastPathComponent).\(safe).tag")
    }

    /// How many bytes there are, and what they are a part of; nil where there are none that could be gone on with.
    func begun() throws -> (bytes: Int, tag: String)? {
        guard let tag = try? String(contentsOf: tag, encoding: .utf8), !tag.isEmpty,
            let attributes = try? FileManager.default.attributesOfItem(atPath: bytes.path),
            let count = (attributes[.size] as? NSNumber)?.intValue, count > 0
        else { return nil }
        return (count, tag)
    }

    /// Begins anew. A weak validator, or none, is no ground to put parts together.
    func begin(_ etag: String?) throws {
        try remove()
        guard FileManager.default.createFile(atPath: bytes.path, contents: nil) else {
            throw BkendError(.file(.unreadable("\(bytes.path) can't be made")))
        }
        if let etag, etag.hasPrefix("\""), etag.utf8.count <= 256 { try Data(etag.utf8).write(to: tag) }
    }

    /// Opens it to write from a position on. Not from its end: a download that was cancelled a moment ago may still have
    /// added to it since it was looked at. What it wrote there is the same.
    func open(at position: Int) throws -> FileHandle {
        let handle = try FileHandle(forWritingTo: bytes)
        try handle.seek(toOffset: UInt64(position))
        return handle
    }

    /// How many bytes there are.
    func size() throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: bytes.path)
        return (attributes[.size] as? NSNumber)?.intValue ?? 0
    }

    func sha256() throws -> String {
        let handle = try FileHandle(forReadingFrom: bytes)
        defer { try? handle.close() }
        var hash = SHA256()
        while let data = try handle.read(upToCount: FileSource.chunk), !data.isEmpty { hash.update(Array(data)) }
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

    func remove() throws {
        for url in [tag, bytes] where FileManager.default.fileExists(atPath: url.path) {
            try FileManager.default.removeItem(at: url)
        }
    }
}
