import BkendSync
import BkendTransport
import Foundation
import HTTPTypes
import Synchronization

/// A waiting file's bytes on their way. The last piece leaves only when all are what was attached: half a file, or another
/// one, is never stored.
struct SentBytes {
    /// The bytes as a request's body.
    let body: RequestBody
    private let found: FoundFlaw

    /// How many bytes are read at once.
    private static let chunk = 128 << 10

    init(_ put: BytesPut, at path: String, _ sent: @escaping @Sendable (Int64) -> Void) {
        let found = FoundFlaw()
        self.found = found
        body = .stream(
            RequestBodyStream(length: put.part.map { Int64($0.count) } ?? put.size) { write in
                do {
                    try await Self.send(put, at: path, sent, write)
                } catch let error as Damaged {
                    found.note(error.flaw)
                    throw error
                }
            })
    }

    /// What is wrong with the bytes here; nil for nothing, as far as is known.
    var flaw: String? { found.noted }

    /// The bytes here aren't what was attached.
    private struct Damaged: Error {
        let flaw: String
    }

    /// What is wrong with all bytes of a file, before the last of several parts leaves; nil for nothing. It is asked before
    /// a request waits for it, since a large file takes a while.
    static func flaw(in put: BytesPut, at path: String) async throws -> String? {
        do {
            try await read(put, 0..<put.size, at: path, isChecked: true) { _, _ in }
            return nil
        } catch let error as Damaged {
            return error.flaw
        }
    }

    private static func send(
        _ put: BytesPut, at path: String, _ sent: (Int64) -> Void, _ write: RequestBodyStream.Write
    ) async throws {
        // A part is no whole that could be checked.
        try await read(put, put.part ?? 0..<put.size, at: path, isChecked: put.part == nil) { bytes, count in
            try await write(bytes)
            sent(count)
        }
    }

    /// Reads a part of the bytes.
    ///
    /// - Parameters:
    ///   - isChecked: whether the last piece comes only if all of them have the file's digest.
    ///   - body: takes a piece, and how many bytes there were with it.
    private static func read(
        _ put: BytesPut, _ part: Range<Int64>, at path: String, isChecked: Bool,
        _ body: ([UInt8], Int64) async throws -> Void
    ) async throws {
        let handle: FileHandle
        do { handle = try FileHandle(forReadingFrom: URL(filePath: path)) } catch {
            // What else keeps it from being opened may pass: a locked device, too many open files.
            if access(path, F_OK) == 0 || errno != ENOENT { throw error }
            throw Damaged(flaw: "the file's bytes aren't on this device any more")
        }
        defer { try? handle.close() }
        try handle.seek(toOffset: UInt64(part.lowerBound))
        var hash = SHA256()
        var position = part.lowerBound
        while position < part.upperBound {
            let piece = try handle.read(upToCount: Int(min(part.upperBound - position, Int64(chunk))))
            guard let piece, !piece.isEmpty else { throw Damaged(flaw: "the file has fewer bytes than were attached") }
            let bytes = Array(piece)
            position += Int64(bytes.count)
            if isChecked {
                hash.update(bytes)
                if position == part.upperBound, hash.finish() != put.sha256 {
                    throw Damaged(flaw: "the file's bytes aren't those that were attached")
                }
            }
            try Task.checkCancellation()
            try await body(bytes, position - part.lowerBound)
        }
    }
}

/// What the task that sends bytes has found wrong with them.
private final class FoundFlaw: Sendable {
    private let text = Mutex<String?>(nil)

    func note(_ flaw: String) { text.withLock { $0 = flaw } }

    var noted: String? { text.withLock { $0 } }
}

extension CallRunner {
    /// Sends bytes to an address once, and gives the answer as it came.
    func put(_ put: BytesPut, _ body: RequestBody, deadline: Duration) async throws(BkendError) -> SyncAnswer {
        var fields = HTTPFields()
        fields[.contentType] = put.type
        if put.sendsDigest, let name = HTTPField.Name("Content-Digest"), let digest = Data(hex: put.sha256) {
            fields[name] = "sha-256=:\(digest.base64EncodedString()):"
        }
        var request = try addressed(.put, put.url, fields, deadline: deadline)
        request.body = body
        request.replay = .never
        do throws(TransportError) {
            let response = try await exchange(request)
            // Of a refusal only its beginning is of use.
            let answer = try await response.body.collect(upTo: 1 << 20)
            return SyncAnswer(response.head, answer, now: Date())
        } catch {
            throw BkendError(BkendError.Reason(error))
        }
    }
}

extension Data {
    /// The bytes of hex digits, nil for something else.
    fileprivate init?(hex text: String) {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2) else { return nil }
        self.init()
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            append(UInt8(high << 4 | low))
        }
    }
}
