import BkendAccounts
import HummingbirdCore
import NIOCore
import Synchronization

/// The bytes of an answer. A small one is one buffer. A larger one is built in pieces, each paid for from the budget of
/// all answers before it is made, and given back as soon as the client has taken it: nothing is copied to grow.
struct AnswerBody: Sendable {
    private var full: [ByteBuffer] = []
    private var last: ByteBuffer
    private let account: AnswerAccount?
    private var lease: AnswerLease?
    /// How many bytes there are.
    private(set) var count = 0

    /// What most answers fit in: 20 records of half a kilobyte. Others grow by doubling up to a small answer.
    private static let usual = 12 << 10
    /// The bytes of each further piece.
    private static let piece = 128 << 10

    /// Nothing yet.
    init(on account: AnswerAccount) {
        self.account = account
        last = ByteBuffer()
    }

    /// A text that is there already.
    ///
    /// - Throws: `TooManyRequests` with 503 when there is no room for it.
    init(_ text: [UInt8], on account: AnswerAccount) throws(TooManyRequests) {
        self.account = account
        last = ByteBuffer()
        last.reserveCapacity(min(text.count, AnswerBudget.smallAnswer))
        try write(text)
    }

    /// What was made without asking the budget: see `settled(on:)`.
    init(_ buffer: ByteBuffer) {
        account = nil
        last = buffer
        count = buffer.readableBytes
    }

    // MARK: Building

    /// Adds bytes.
    ///
    /// - Throws: `TooManyRequests` with 503 when there is no room for them.
    mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) throws(TooManyRequests) {
        if last.storageCapacity == 0 { last.reserveCapacity(Self.usual) }
        var rest = UnsafeRawBufferPointer(bytes)[...]
        while !rest.isEmpty {
            let limit = full.isEmpty ? AnswerBudget.smallAnswer : Self.piece
            let part = rest.prefix(limit - last.readableBytes)
            last.writeBytes(UnsafeRawBufferPointer(rebasing: part))
            count += part.count
            rest = rest.dropFirst(part.count)
            if !rest.isEmpty { try beginPiece() }
        }
    }

    /// Adds bytes; see `write(_:)`.
    mutating func write(_ bytes: [UInt8]) throws(TooManyRequests) {
        let written = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(TooManyRequests) in try write(buffer) }
        }
        try written.get()
    }

    /// Adds a text; see `write(_:)`.
    mutating func write(_ text: StaticString) throws(TooManyRequests) {
        try write(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func beginPiece() throws(TooManyRequests) {
        if let account {
            let lease = lease ?? AnswerLease(account)
            let first = self.lease == nil ? AnswerBudget.smallAnswer : 0
            try lease.take(first + Self.piece, total: count + Self.piece)
            self.lease = lease
        }
        full.append(last)
        last = ByteBuffer()
        last.reserveCapacity(Self.piece)
    }

    /// The same, with an answer that the budget doesn't know yet counted.
    ///
    /// - Throws: `TooManyRequests` with 503 when there is no room for it.
    func settled(on account: AnswerAccount) throws(TooManyRequests) -> AnswerBody {
        guard lease == nil, count > AnswerBudget.smallAnswer else { return self }
        let lease = AnswerLease(account)
        try lease.take(count, total: count)
        var out = self
        out.lease = lease
        return out
    }

    /// The same between two texts.
    func between(_ prefix: StaticString, _ suffix: StaticString) -> AnswerBody {
        var out = self
        var (head, tail) = (ByteBuffer(staticString: prefix), ByteBuffer(staticString: suffix))
        out.count += head.readableBytes + tail.readableBytes
        if full.isEmpty, lease == nil, count <= AnswerBudget.smallAnswer {
            head.writeImmutableBuffer(last)
            head.writeBuffer(&tail)
            out.last = head
        } else {
            out.full = [head] + full + [last]
            out.last = tail
        }
        return out
    }

    // MARK: Writing

    /// All bytes as one buffer.
    var buffer: ByteBuffer {
        full.isEmpty ? last : (full + [last]).reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
    }

    /// Writes the bytes as a part of an answer that goes on.
    func write(to writer: inout any ResponseBodyWriter, on loop: any EventLoop) async throws {
        let pieces = AnswerPieces(full + [last], lease)
        try await pieces.write(to: &writer, on: loop)
        pieces.end()
    }

    /// As the response's body.
    ///
    /// - Parameter loop: the connection's.
    func response(on loop: any EventLoop) -> ResponseBody {
        if full.isEmpty, lease == nil { return ResponseBody(byteBuffer: last) }
        let pieces = AnswerPieces(full + [last], lease)
        return ResponseBody(contentLength: count) { writer in
            try await pieces.write(to: &writer, on: loop)
            try await writer.finish(nil)
            pieces.end()
        }
    }
}

/// The pieces of an answer that are still to be written, each let go once the client has taken it. When the writing ends
/// early, or never begins, the last of them go with this.
private final class AnswerPieces: Sendable {
    private struct State {
        /// The first one last: a slice would keep those that it has gone past.
        var rest: [ByteBuffer]
        var lease: AnswerLease?
    }
    private let state: Mutex<State>

    init(_ pieces: [ByteBuffer], _ lease: AnswerLease?) { state = Mutex(State(rest: pieces.reversed(), lease: lease)) }

    /// Writes the pieces, one after the other. The connection takes one once it has sent nearly all of what came before:
    /// then that is given back.
    func write(to writer: inout any ResponseBodyWriter, on loop: any EventLoop) async throws {
        var sent = 0
        do {
            while let piece = next() {
                let bytes = piece.storageCapacity
                try await writer.write(piece)
                // A write is handed to the connection's thread. Until that has seen it, the next one would be taken
                // however much waits: behind a busy thread the whole answer would count as sent.
                try await loop.submit {}.get()
                give(sent)
                sent = bytes
            }
        } catch {
            end()
            throw error
        }
    }

    /// Nothing is left to write.
    func end() {
        state.withLock { state in
            state.rest = []
            state.lease = nil
        }
    }

    private func next() -> ByteBuffer? { state.withLock { $0.rest.popLast() } }

    private func give(_ bytes: Int) { state.withLock { $0.lease }?.give(bytes) }
}
