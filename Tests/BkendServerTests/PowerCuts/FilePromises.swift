import BkendWire
import Crypto
import Foundation
import Synchronization

/// What a server has promised about things by its answers, and when: between two lengths of the log of its calls.
final class FilePromises: Sendable {
    private struct Promise {
        let begin: Int
        let end: Int
        let value: String?
    }

    private let log: CallLog
    private let promises = Mutex<[String: [Promise]]>([:])
    private let contents = Mutex<Set<String>>([])

    init(_ log: CallLog) { self.log = log }

    /// How many answers there were.
    var count: Int { promises.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// The digests of all that was sent.
    var sent: Set<String> { contents.withLock { $0 } }

    /// Runs a request. What its answer promises is kept from then on; before that, the server may have done it already.
    ///
    /// - Parameter promised: the things that the answer is about, with the value that each has then, nil for none.
    func request(
        _ body: () async throws -> Answer, promised: (Answer) throws -> [String: String?]
    ) async throws -> Answer {
        let begin = log.length
        let answer = try await body()
        keep(try promised(answer), from: begin, to: log.length)
        return answer
    }

    /// Keeps promises that were made between two lengths of the log.
    func keep(_ values: [String: String?], from begin: Int, to end: Int) {
        promises.withLock { promises in
            for (thing, value) in values {
                promises[thing, default: []].append(Promise(begin: begin, end: end, value: value))
            }
        }
    }

    /// From now on a thing may be gone, whatever was promised.
    func release(_ thing: String) { keep([thing: nil], from: log.length, to: .max) }

    /// The digest of bytes that are sent.
    func sending(_ bytes: [UInt8]) -> String {
        let digest = Self.digest(Data(bytes))
        contents.withLock { _ = $0.insert(digest) }
        return digest
    }

    /// The promises up to a length of the log that a folder with these values breaks.
    func broken(at length: Int, by found: [String: String]) -> [String] {
        promises.withLock { promises in
            promises.compactMap { thing, promises in
                let kept = promises.lastIndex { $0.end <= length }
                let underWay = promises[(kept.map { $0 + 1 } ?? 0)...].filter { $0.begin < length }
                let allowed = [kept.flatMap { promises[$0].value }] + underWay.map(\.value)
                if allowed.contains(found[thing]) { return nil }
                return "\(thing) is \(found[thing] ?? "not there"), not \(allowed.map { $0 ?? "gone" })"
            }.sorted()
        }
    }

    static func digest(_ bytes: Data) -> String {
        SHA256.hash(data: bytes).prefix(8).map { String(format: "%02x", $0) }.joined()
    }
}
