import BkendSync
import BkendTransport
import Foundation
import Synchronization

/// Where the bytes of an upload come from.
struct FileSource: Sendable {
    /// How many there are.
    let length: Int
    /// Whether they can be read again from the start.
    let isRepeatable: Bool
    private let produce:
        @Sendable (_ range: Range<Int>, _ write: @escaping RequestBodyStream.Write) async throws -> Void
    /// Fails when the source has changed since it was chosen.
    let check: @Sendable () throws(BkendError) -> Void

    /// How many bytes are read at once.
    static let chunk = 128 << 10

    /// Bytes in memory.
    init(_ data: Data) {
        length = data.count
        isRepeatable = true
        check = {}
        produce = { range, write in
            var rest = data[data.startIndex + range.lowerBound..<data.startIndex + range.upperBound]
            while !rest.isEmpty {
                try await write(Array(rest.prefix(Self.chunk)))
                rest = rest.dropFirst(Self.chunk)
            }
        }
    }

    /// A sequence of so many bytes, which is read once.
    init<Chunks: AsyncSequence & Sendable>(_ chunks: Chunks, length: Int) where Chunks.Element == Data {
        self.length = length
        isRepeatable = false
        check = {}
        produce = { _, write in for try await chunk in chunks { try await write(Array(chunk)) } }
    }

    /// A file on this device.
    init(file: URL) throws(BkendError) {
        let first = try FileState(of: file)
        length = first.size
        isRepeatable = true
        check = { () throws(BkendError) in
            guard try FileState(of: file) == first else { throw BkendError(.file(.sourceChanged)) }
        }
        produce = { range, write in
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            try handle.seek(toOffset: UInt64(range.lowerBound))
            var rest = range.count
            while rest > 0, let data = try handle.read(upToCount: min(rest, Self.chunk)), !data.isEmpty {
                try await write(Array(data))
                rest -= data.count
            }
        }
    }

    /// A part of the bytes as the body of a request.
    ///
    /// - Parameter sent: told how many bytes of the part have left.
    func body(_ range: Range<Int>, _ sent: @escaping @Sendable (Int) -> Void) -> RequestBody {
        let produce = produce
        return .stream(
            RequestBodyStream(length: Int64(range.count)) { write in
                let count = Mutex(0)
                try await produce(range) { chunk in
                    try await write(chunk)
                    sent(
                        count.withLock { count in
                            count += chunk.count
                            return count
                        })
                }
            })
    }

    /// The body of a request that counts and hashes the bytes while they leave.
    func body(_ meter: TransferMeter, _ digest: PassingDigest) -> RequestBody {
        let (length, produce) = (length, produce)
        return .stream(
            RequestBodyStream(length: Int64(length)) { write in
                meter.set(0, of: length)
                try await produce(0..<length) { chunk in
                    let sent = digest.add(chunk)
                    try await write(chunk)
                    meter.set(min(sent, length), of: length)
                }
                digest.end()
            })
    }
}

/// What tells a file at one moment from itself at another.
private struct FileState: Equatable {
    let size: Int
    let inode: UInt64
    let modified: Date?

    init(of file: URL) throws(BkendError) {
        do {
            // A link is the file that it leads to.
            let attributes = try FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw BkendError(.file(.unreadable("\(file.lastPathComponent) isn't a file")))
            }
            size = (attributes[.size] as? NSNumber)?.intValue ?? 0
            inode = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
            modified = attributes[.modificationDate] as? Date
        } catch let error as BkendError {
            throw error
        } catch {
            throw BkendError(
                .file(.unreadable("\(file.lastPathComponent) can't be read: \(error.localizedDescription)")))
        }
    }
}

/// The SHA-256 of bytes that pass by.
final class PassingDigest: Sendable {
    private struct State {
        var hash = SHA256()
        var bytes = 0
        var digest: String?
    }
    private let state = Mutex(State())

    /// Adds bytes, and gives how many passed in all.
    func add(_ chunk: [UInt8]) -> Int {
        state.withLock { state in
            state.hash.update(chunk)
            state.bytes += chunk.count
            return state.bytes
        }
    }

    /// The bytes are complete.
    func end() { state.withLock { $0.digest = $0.hash.finish() } }

    /// In hex; nil before the end.
    var hex: String? { state.withLock { $0.digest } }
}
