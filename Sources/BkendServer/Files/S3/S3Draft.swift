import BkendTransport
import Crypto
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// An object on its way into a bucket. Its bytes go to the service as they come, in one PUT of known length: half of them
/// are no object. Small objects are held until they are whole, so that the PUT can be repeated; those whose length nobody
/// knows lie in the draft's local file until then.
///
/// The local file's lock (flock(2)) is held until a row names the object, so that no sweep of any process takes it.
final class S3Draft: ObjectDraft {
    private struct State {
        var hash = SHA256()
        var written = 0
        /// The bytes of a small object.
        var held: [UInt8] = []
        var transfer: Task<Void, any Error>?
        /// The object may be there, and nothing names it.
        var isLeft = false
        /// The draft in the local folder, whose name and lock are this one's.
        var local: (any ObjectDraft)?
    }

    let name: String
    private let key: String
    private let client: S3Client
    /// How many bytes come; nil where nobody knows.
    private let bytes: Int?
    /// The local draft's file.
    private let file: String
    private let threads: NIOThreadPool
    private let pipe = BytePipe()
    private let state: Mutex<State>

    /// A slow client's bytes are passed on while the service still waits for them.
    var piece: Int { 16 << 10 }

    /// Up to how many bytes an object is held.
    static let mostHeld = 256 << 10
    /// The bytes of a piece that is sent on.
    private static let piece = 64 << 10

    /// - Parameters:
    ///   - prefix: what keys begin with.
    ///   - folder: the local folder.
    init(
        _ local: any ObjectDraft, bytes: Int?, at prefix: String, of client: S3Client, folder: String,
        threads: NIOThreadPool
    ) {
        name = local.name
        key = prefix + local.name
        file = "\(folder)/\(local.name)\(ObjectFolder.draftSuffix)"
        self.bytes = bytes
        self.client = client
        self.threads = threads
        state = Mutex(State(local: local))
    }

    deinit {
        let (isLeft, local) = state.withLock { state in
            state.transfer?.cancel()
            return (state.isLeft, state.local)
        }
        guard isLeft else { return }
        // What fails here is found by a sweep.
        Task { [client, key] in
            try? await client.delete(key)
            await local?.discard()
        }
    }

    func write(_ buffer: ByteBuffer) async throws {
        let local = state.withLock { state in
            state.hash.update(data: buffer.readableBytesView)
            state.written += buffer.readableBytes
            return state.local
        }
        guard let bytes else {
            try await local?.write(buffer)
            return
        }
        guard bytes > Self.mostHeld else {
            state.withLock { $0.held += buffer.readableBytesView }
            return
        }
        // The first piece can be sent again, if it is as large as what is taken before a connection is there.
        let isFirst = beginTransfer(bytes)
        var rest = buffer
        while let piece = rest.readBytes(length: min(isFirst ? .max : Self.piece, rest.readableBytes)), !piece.isEmpty {
            guard await pipe.write(piece) else {
                // The transfer has ended, and knows why.
                try await transferred()
                throw ObjectFailure(description: "\(key): the service answered before it had all bytes")
            }
        }
    }

    func store() async throws -> Data {
        let (hash, written, held) = state.withLock { state in
            state.isLeft = true
            return (state.hash, state.written, state.held)
        }
        if let bytes, written != bytes {
            throw ObjectFailure(description: "\(key): \(written) bytes came, but \(bytes) were announced")
        }
        if bytes == nil {
            let file = file
            _ = try await client.document(.put(key, replay: .idempotent) { Self.stream(file, written) })
        } else if written <= Self.mostHeld {
            try await client.put(key, held)
        } else {
            pipe.finish()
            try await transferred()
        }
        return Data(hash.finalize())
    }

    func release() {
        // Let go, the local draft removes its file, and with it the lock.
        let local = state.withLock { state in
            state.isLeft = false
            return state.local.take()
        }
        _ = local
    }

    func discard() async {
        let (transfer, local) = state.withLock { state in
            state.isLeft = false
            return (state.transfer.take(), state.local.take())
        }
        transfer?.cancel()
        _ = await transfer?.result
        try? await client.delete(key)
        await local?.discard()
    }

    // MARK: Sending

    /// False when it was begun before.
    private func beginTransfer(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard state.transfer == nil else { return false }
            state.transfer = Task { [client, key, pipe] in
                defer { pipe.close() }
                let first = try await pipe.next() ?? []
                // Until more was asked for, the PUT can be sent again.
                let hasGoneOn = Mutex(false)
                let request = S3Request.put(key, replay: .never, isWhole: { hasGoneOn.withLock { !$0 } }) {
                    RequestBodyStream(length: Int64(bytes)) { write in
                        try await write(first)
                        hasGoneOn.withLock { $0 = true }
                        while let piece = try await pipe.next() { try await write(piece) }
                    }
                }
                _ = try await client.document(request)
            }
            return true
        }
    }

    /// Waits for the service's answer.
    private func transferred() async throws {
        guard let transfer = state.withLock({ $0.transfer }) else { return }
        try await withTaskCancellationHandler {
            try await transfer.value
        } onCancel: {
            transfer.cancel()
        }
    }

    /// The bytes of a local file.
    private static func stream(_ file: String, _ count: Int) -> RequestBodyStream {
        RequestBodyStream(length: Int64(count)) { write in
            guard let handle = FileHandle(forReadingAtPath: file) else {
                throw ObjectFailure(description: "\(file) can't be read")
            }
            defer { try? handle.close() }
            while let piece = try handle.read(upToCount: mostHeld), !piece.isEmpty { try await write(Array(piece)) }
        }
    }
}
