import BkendSync
import BkendTransport
import BkendWire
import HTTPTypes
import Synchronization

/// An upload in parts: several on their way at once, each with an address of its own, sent again where it was lost.
struct PartsUploading: Sendable {
    let runner: CallRunner
    let source: FileSource
    let meter: TransferMeter
    /// What is left of the upload's time.
    let left: @Sendable () -> Duration?

    /// The size from which on files go in parts.
    static let least = Int(UploadParts.least)
    /// How many parts are on their way at once.
    static let atOnce = 3

    /// Where the parts go.
    struct Target: Sendable {
        let key: String
        let uploadID: String
        /// The id of the record to come, where the server says.
        let fileID: String?
    }

    private struct Part: Sendable {
        let number: Int
        let range: Range<Int>
    }

    /// Sends all parts and has the server put them together. A failure ends the upload on the server too.
    func run(_ target: Target) async throws(BkendError) {
        do {
            let tags = try await send(parts, to: target)
            try await complete(target, tags)
        } catch {
            let error = error as? BkendError ?? BkendError(.cancelled(.mayHaveReachedServer))
            // Nobody waits for it: what isn't aborted lapses.
            let (runner, body) = (runner, body(target))
            Task { _ = try? await runner.run(Self.call("abort", body, deadline: .seconds(30))) }
            throw error
        }
    }

    private var parts: [Part] {
        let size = Int(UploadParts.size(of: Int64(source.length)))
        return stride(from: 0, to: source.length, by: size).enumerated().map { index, start in
            Part(number: index + 1, range: start..<min(start + size, source.length))
        }
    }

    private func send(_ parts: [Part], to target: Target) async throws -> [String] {
        let progress = PartsProgress(meter, total: source.length)
        var tags = [String](repeating: "", count: parts.count)
        try await withThrowingTaskGroup(of: (Int, String).self) { group in
            var rest = parts[...]
            for part in rest.prefix(Self.atOnce) {
                group.addTask { (part.number, try await send(part, to: target, progress)) }
            }
            rest = rest.dropFirst(Self.atOnce)
            while let (number, tag) = try await group.next() {
                tags[number - 1] = tag
                guard let part = rest.popFirst() else { continue }
                group.addTask { (part.number, try await send(part, to: target, progress)) }
            }
        }
        return tags
    }

    private func send(_ part: Part, to target: Target, _ progress: PartsProgress) async throws(BkendError) -> String {
        // An address may end while others are on their way: one more, and no more.
        var refusal = BkendError(.file(.storage(status: 403)))
        for _ in 1...2 {
            try source.check()
            var body = body(target)
            body["partNumber"] = .int(Int64(part.number))
            let call = Self.call("presigned-url", body, deadline: left().map { min($0, .seconds(60)) })
            let answer = try await runner.run(call)
            guard let url = answer.json["url"]?.stringValue else {
                throw answer.mismatch(call, JSONCodingError(path: "url", message: "the address is missing"))
            }
            let sent: StorageAnswer
            do throws(BkendError) {
                sent = try await runner.put(to: url, type: nil, isRepeatable: true, deadline: left) {
                    source.body(part.range) { progress.set($0, of: part.number) }
                }
            } catch {
                try source.check()
                throw error
            }
            try source.check()
            if let tag = sent.tag { return tag }
            refusal = sent.refusal
            guard refusal.refusedStatus == 403 else { throw refusal }
        }
        throw refusal
    }

    private func complete(_ target: Target, _ tags: [String]) async throws(BkendError) {
        var body = body(target)
        body["parts"] = .array(
            tags.enumerated().map { ["partNumber": .int(Int64($0.offset + 1)), "etag": .string($0.element)] })
        do throws(BkendError) {
            _ = try await runner.run(Self.call("complete", body, deadline: left().map { min($0, .seconds(60)) }))
        } catch {
            // A lost answer: the registration finds out what became of it.
            guard error.mayHaveBeenApplied, !error.isCancelled else { throw error }
        }
    }

    private func body(_ target: Target) -> JSONObject {
        ["key": .string(target.key), "uploadId": .string(target.uploadID)]
    }

    private static func call(_ name: String, _ body: JSONObject, deadline: Duration?) -> Call {
        var call = Call(.post, ["files", "multipart", name], options: CallOptions(deadline: deadline))
        call.body = .object(body)
        // Each of them may be done twice: the second changes nothing.
        call.isHarmless = true
        return call
    }
}

/// The progress of parts that are on their way at once.
private final class PartsProgress: Sendable {
    private let meter: TransferMeter
    private let total: Int
    private let sent = Mutex((parts: [Int: Int](), sum: 0))

    init(_ meter: TransferMeter, total: Int) {
        self.meter = meter
        self.total = total
    }

    /// So many bytes of a part were sent.
    func set(_ bytes: Int, of part: Int) {
        sent.withLock { sent in
            // A part that is sent again doesn't go back: watchers see progress, never the opposite.
            let before = sent.parts[part] ?? 0
            guard bytes > before else { return }
            sent.parts[part] = bytes
            sent.sum += bytes - before
            meter.set(min(sent.sum, total), of: total)
        }
    }
}
