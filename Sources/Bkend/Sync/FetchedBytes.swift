import BkendSync
import BkendTransport
import BkendWire
import Foundation
import HTTPTypes

/// A piece of a file's bytes on its way from a storage into the store's folder. Bytes are put together only where the
/// storage says that they belong together: the same strong `ETag`, the right start, the right length (RFC 9110 §14).
struct FetchedBytes {
    let runner: CallRunner
    let get: BytesGet
    let folder: FileFolder
    let deadline: Duration
    /// Told how many bytes have come.
    let progress: @Sendable (Int64) -> Void

    func run() async -> SyncResponse {
        let file: FetchedFile
        do { file = try FetchedFile(get.name, have: get.tag == nil ? 0 : get.have, in: folder) } catch {
            return .lost(SyncFailure(error is CancellationError ? .cancelled : .source, "\(error)"))
        }
        return await run(into: file)
    }

    /// Fetches a piece into a file that is open.
    func run(into file: FetchedFile) async -> SyncResponse {
        do throws(SyncFailure) {
            // A part without a strong validator can't be gone on with: the whole is asked for instead.
            if let answer = try await ask(file, inPieces: true) { return .answered(answer) }
            return try await ask(file, inPieces: false).map { .answered($0) }
                ?? .lost(SyncFailure(.broken, "the storage sent another part than was asked for"))
        } catch {
            return .lost(error)
        }
    }

    /// Nil where what came is of no use.
    private func ask(_ file: FetchedFile, inPieces: Bool) async throws(SyncFailure) -> SyncAnswer? {
        var fields: HTTPFields = [.acceptEncoding: "identity"]
        if inPieces {
            fields[.range] = "bytes=\(file.have)-\(file.have + get.most - 1)"
            if file.have > 0, let tag = get.tag { fields[.ifRange] = tag }
        }
        let request: TransportRequest
        do { request = try runner.addressed(.get, get.url, fields, deadline: deadline) } catch {
            // It is no address, or would be asked without encryption: that is as good as a refusal.
            return SyncAnswer(status: 403, isJSON: false)
        }
        let response: TransportResponse
        do { response = try await runner.exchange(request) } catch { throw SyncFailure(error) }
        let head = response.head
        let tag = head.headerFields[.eTag].flatMap { $0.hasPrefix("\"") && $0.utf8.count <= 256 ? $0 : nil }
        var answer = SyncAnswer(head, [], now: Date())
        answer.tag = tag
        let (start, end, total): (Int64, Int64?, Int64?)
        switch answer.status {
        case 206:
            guard let part = ContentRange(head.headerFields[.contentRange]), part.start == file.have, inPieces else {
                return file.have > 0 ? changed(answer) : nil
            }
            if file.have > 0, tag == nil || tag != get.tag { return changed(answer) }
            if tag == nil, part.end + 1 != part.total { return nil }
            (start, end, total) = (part.start, part.end + 1, part.total)
        case 200:
            let length = head.headerFields[.contentLength].flatMap { Int64($0) }
            (start, end, total) = (0, length, length)
        default: return answer
        }
        // Somebody in between may answer a page of their own: what is here isn't given up for that.
        if head.headerFields[.eTag] == nil { return answer }
        answer.bytes = ReceivedBytes(start: start, have: file.have, total: total, type: head.headerFields[.contentType])
        if let total, total > get.limit || get.size.map({ $0 != total }) ?? false { return answer }
        return try await take(response, from: start, to: end, total, into: file, answer)
    }

    /// Says that what is here isn't what is there.
    private func changed(_ answer: SyncAnswer) -> SyncAnswer {
        var answer = answer
        answer.status = 416
        return answer
    }

    private func take(
        _ response: TransportResponse, from start: Int64, to end: Int64?, _ total: Int64?, into file: FetchedFile,
        _ answer: SyncAnswer
    ) async throws(SyncFailure) -> SyncAnswer {
        var answer = answer
        var isWhole = false
        do {
            if start == 0 { try file.begin() }
            for try await chunk in response.body {
                if file.have + Int64(chunk.count) > min(end ?? get.limit, get.limit) {
                    answer.bytes = ReceivedBytes(start: start, have: 0, total: .max)
                    try file.begin()
                    return answer
                }
                try file.write(Array(chunk))
                progress(file.have)
            }
            isWhole = end == nil || file.have == end
        } catch let error as TransportError {
            if error.kind == .cancelled { throw SyncFailure(error) }
            // What has come is worth keeping.
            if file.have == start { throw SyncFailure(error) }
        } catch {
            // On a full disk what can't be finished must not be in everybody's way.
            file.takeBack(to: start)
            throw SyncFailure(.source, "\(error)")
        }
        var received = ReceivedBytes(start: start, have: file.have, total: total, type: answer.bytes?.type)
        do {
            try file.synchronize()
            if isWhole, file.have == total ?? file.have { received.sha256 = try await file.sha256() }
        } catch {
            throw SyncFailure(error is CancellationError ? .cancelled : .source, "\(error)")
        }
        answer.bytes = received
        return answer
    }
}

extension SyncFailure {
    /// What became of a request for bytes.
    fileprivate init(_ error: TransportError) {
        switch SyncResponse(error) {
        case .notSent(let failure), .lost(let failure): self = failure
        case .answered, .refused: self.init(.broken, error.reason)
        }
    }
}

/// A `Content-Range` (RFC 9110 §14.4) of bytes whose number is known.
private struct ContentRange {
    let start: Int64
    /// The last one.
    let end: Int64
    let total: Int64

    init?(_ text: String?) {
        guard let text, text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/")
        guard parts.count == 2, let total = Int64(parts[1]) else { return nil }
        let bounds = parts[0].split(separator: "-")
        guard bounds.count == 2, let start = Int64(bounds[0]), let end = Int64(bounds[1]), start >= 0, start <= end,
            end < total
        else { return nil }
        (self.start, self.end, self.total) = (start, end, total)
    }
}
