import BkendTransport
import Synchronization

/// The request body while it is sent: the read callback takes from it, a task may add to it.
final class Upload: Sendable {
    /// What the read callback gets.
    enum Piece: Equatable {
        case bytes(Int)
        /// Nothing there yet: stop asking until `resumed` is called.
        case starved
        case end
        case failed(TransportError.Kind, String)
    }

    /// Bytes not yet sent from which on the producer waits.
    static let highWaterMark = 256 << 10

    private struct State {
        var bytes: [UInt8]
        var offset = 0
        var isComplete: Bool
        var isStarved = false
        var hasEnded = false
        /// Bytes handed to libcurl.
        var sent: Int64 = 0
        /// Bytes written by the producer.
        var written: Int64 = 0
        var failure: (TransportError.Kind, String)?
        var writer: CheckedContinuation<Bool, Never>?
        var producer: Task<Void, Never>?

        var unsent: Int { bytes.count - offset }

        /// Adds a piece; what has been sent is dropped when that costs no more than the piece itself.
        mutating func append(_ chunk: [UInt8]) {
            written += Int64(chunk.count)
            if unsent == 0 {
                bytes = chunk
                offset = 0
            } else {
                if offset >= unsent {
                    bytes.removeFirst(offset)
                    offset = 0
                }
                bytes.append(contentsOf: chunk)
            }
        }

        /// The waiting producer, once there is room for more.
        mutating func writerWithRoom() -> CheckedContinuation<Bool, Never>? {
            unsent < Upload.highWaterMark ? writer.take() : nil
        }
    }

    /// Bytes in all; `nil` where nobody knows before the end.
    let length: Int64?
    /// Whether the body can be read again from the start.
    let isRewindable: Bool
    private let state: Mutex<State>

    /// A body in memory; empty for none.
    init(_ bytes: [UInt8]) {
        length = Int64(bytes.count)
        isRewindable = true
        state = Mutex(State(bytes: bytes, isComplete: true))
    }

    /// A body that `write(_:)` and `finish(_:)` produce.
    init(streamOf length: Int64?) {
        self.length = length
        isRewindable = false
        state = Mutex(State(bytes: [], isComplete: false))
    }

    // MARK: The loop's side

    /// Fills libcurl's buffer.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Piece {
        let (piece, writer) = state.withLock { state -> (Piece, CheckedContinuation<Bool, Never>?) in
            if let (kind, reason) = state.failure { return (.failed(kind, reason), nil) }
            let count = min(buffer.count, state.unsent)
            if count > 0 {
                state.bytes.withUnsafeBytes { bytes in
                    buffer.copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: bytes[state.offset..<state.offset + count]))
                }
                state.offset += count
                state.sent += Int64(count)
                return (.bytes(count), state.writerWithRoom())
            }
            if state.isComplete { return (lengthCheckedEnd(sent: state.sent), nil) }
            state.isStarved = true
            return (.starved, state.writer.take())
        }
        writer?.resume(returning: true)
        return piece
    }

    /// Goes back to the first byte, for a request that may be repeated.
    func rewind() -> Bool {
        guard isRewindable else { return false }
        state.withLock { state in
            state.offset = 0
            state.sent = 0
        }
        return true
    }

    /// Nobody sends any more: the producer is told to stop.
    func end() {
        guard !isRewindable else { return }
        let (writer, producer) = state.withLock { state in
            state.hasEnded = true
            return (state.writer.take(), state.producer.take())
        }
        writer?.resume(returning: false)
        // In a task of its own: cancelling runs the producer's cancellation handlers, which are the app's, or another
        // transfer's of the same loop, and whoever ends a transfer holds the loop's lock.
        if let producer { Task { producer.cancel() } }
    }

    /// Whether the read callback would find something now, be it the end.
    var hasNews: Bool { state.withLock { $0.unsent > 0 || $0.isComplete || $0.failure != nil } }

    // MARK: The producer's side

    /// Remembers the task that writes, to cancel it when the transfer ends.
    func setProducer(_ task: Task<Void, Never>) {
        let hasEnded = state.withLock { state in
            if !state.hasEnded { state.producer = task }
            return state.hasEnded
        }
        if hasEnded { task.cancel() }
    }

    /// Adds a piece and waits for room for another.
    ///
    /// - Parameter resumed: called when libcurl had stopped asking.
    /// - Returns: false when nobody wants the body any longer.
    func write(_ chunk: [UInt8], resumed: () -> Void) async -> Bool {
        let wasStarved = state.withLock { state in
            if !state.hasEnded { state.append(chunk) }
            if let length, state.written > length {
                state.failure = (.invalidRequest, "the request body is longer than the announced \(length) bytes")
            }
            guard state.unsent > 0 || state.failure != nil else { return false }
            defer { state.isStarved = false }
            return state.isStarved
        }
        if wasStarved { resumed() }
        return await withCheckedContinuation { continuation in
            let goOn: Bool? = state.withLock { state in
                if state.hasEnded || state.failure != nil { return false }
                if state.unsent < Self.highWaterMark { return true }
                state.writer = continuation
                return nil
            }
            if let goOn { continuation.resume(returning: goOn) }
        }
    }

    /// The whole body was written, or writing it failed.
    func finish(_ failure: (kind: TransportError.Kind, reason: String)?, resumed: () -> Void) {
        let wasStarved = state.withLock { state in
            state.isComplete = true
            if let failure, state.failure == nil { state.failure = (failure.kind, failure.reason) }
            defer { state.isStarved = false }
            return state.isStarved
        }
        if wasStarved { resumed() }
    }

    /// With a known length libcurl stops by itself at the last byte and would wait for ever after a short body.
    private func lengthCheckedEnd(sent: Int64) -> Piece {
        guard let length, sent != length else { return .end }
        return .failed(.invalidRequest, "the request body ended after \(sent) of \(length) bytes")
    }
}
