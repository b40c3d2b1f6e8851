import BkendWire
import Foundation
import HTTPTypes
import Synchronization

/// The request log: one line of JSON for each request. Lines are handed to a queue of its own, so that a slow disk or a
/// stuck reader of the log never holds a request up; past a bound lines are dropped, and a line tells how many.
package final class RequestLog: Sendable {
    private struct Pending {
        var bytes: [UInt8] = []
        var dropped = 0
        var isScheduled = false
    }
    private let pending = Mutex(Pending())
    /// Runs one operation at a time.
    private let queue = OperationQueue()
    private let descriptor: Int32
    private let ownsDescriptor: Bool
    private let bound: Int

    /// A log to an open file, which stays its owner's.
    package init(descriptor: Int32, bound: Int = 4 << 20) {
        self.descriptor = descriptor
        self.bound = bound
        ownsDescriptor = false
        queue.maxConcurrentOperationCount = 1
    }

    /// A log to the end of the file at a path, made with mode 0600 when it isn't there.
    ///
    /// - Throws: `OperatorError` when it can't be written.
    package init(path: String, bound: Int = 4 << 20) throws(OperatorError) {
        do { descriptor = try PrivateFile.openToAppend(path) } catch {
            throw OperatorError("the request log: \(error.description)", error.reason)
        }
        self.bound = bound
        ownsDescriptor = true
        queue.maxConcurrentOperationCount = 1
    }

    deinit { if ownsDescriptor { close(descriptor) } }

    /// Adds a line.
    func write(_ line: JSONObject) {
        let bytes = line.serialized()
        let isFirst = pending.withLock { pending in
            guard pending.bytes.count + bytes.count < bound else {
                pending.dropped += 1
                return false
            }
            pending.bytes += bytes
            pending.bytes.append(10)
            defer { pending.isScheduled = true }
            return !pending.isScheduled
        }
        if isFirst { queue.addOperation { [self] in flush() } }
    }

    /// Returns when everything added before is written.
    func drained() async {
        await withCheckedContinuation { continuation in
            queue.addOperation { [self] in
                flush()
                continuation.resume()
            }
        }
    }

    private func flush() {
        var (bytes, dropped) = pending.withLock { pending in
            defer { pending = Pending() }
            return (pending.bytes, pending.dropped)
        }
        if dropped > 0 { bytes += (["droppedLines": .int(Int64(dropped))] as JSONObject).serialized() + [10] }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A log that can't be written must not stop the server.
            guard count > 0 else { return }
            written += count
        }
    }
}

extension RequestLog {
    /// Adds the line of an answered request.
    func write(_ trace: RequestTrace, status: Int, code: ErrorCode?, bytes: Int, duration: Duration, now: Timestamp) {
        var line: JSONObject = [
            "time": .string(now.description), "id": .string(trace.id), "method": .string(trace.method.rawValue),
            "route": .string(trace.pattern), "path": .string(Self.shown(trace.path)),
            "status": .int(Int64(status)), "bytes": .int(Int64(bytes)),
            "ms": .double((duration / .milliseconds(1) * 1_000).rounded() / 1_000),
        ]
        line["code"] = code.map { .string($0.rawValue) }
        line["project"] = trace.environment.map { .string($0.project) }
        line["environment"] = trace.environment.map { .string($0.environment) }
        line["group"] = trace.group.map { .string("\($0)") }
        line["user"] = trace.userID.map { .string($0) }
        line["client"] = trace.client.map { .string($0.description) }
        write(line)
    }

    /// A path without what may be a secret that someone put there by mistake, and not longer than a line should be.
    static func shown(_ path: Substring) -> String {
        let segments = path.utf8.prefix(1_024).split(separator: 0x2F, omittingEmptySubsequences: false)
        return segments.map { segment in
            let text = String(decoding: segment, as: UTF8.self)
            return text.utf8.count > 64 || looksSecret(text) ? "…" : text
        }.joined(separator: "/")
    }

    /// Whether a text may hold a key or a token: both begin in a few ways (JWTs with `{"` in Base64).
    static func looksSecret(_ text: String) -> Bool {
        ["pk_", "sk_", "rt_", "eyJ"].contains { text.contains($0) }
    }
}
