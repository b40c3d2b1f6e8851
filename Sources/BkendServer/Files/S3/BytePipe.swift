import Synchronization

/// Hands pieces from the one task that gets them to the one that sends them on: whoever writes a piece waits until it was
/// taken.
final class BytePipe: Sendable {
    private struct State {
        var piece: [UInt8]?
        /// Nothing more is written.
        var isComplete = false
        /// Nothing more is taken.
        var isClosed = false
        var writer: CheckedContinuation<Bool, Never>?
        var reader: CheckedContinuation<[UInt8]?, any Error>?
    }
    private let state = Mutex(State())

    /// Hands over a piece; false when nobody takes it any more.
    func write(_ piece: [UInt8]) async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { writer in
                let (reader, answer): (CheckedContinuation<[UInt8]?, any Error>?, Bool?) = state.withLock { state in
                    if state.isClosed { return (nil, false) }
                    if let reader = state.reader.take() { return (reader, true) }
                    (state.piece, state.writer) = (piece, writer)
                    return (nil, nil)
                }
                reader?.resume(returning: piece)
                if let answer { writer.resume(returning: answer) }
            }
        } onCancel: {
            close()
        }
    }

    /// The next piece; nil after the last one.
    ///
    /// - Throws: `CancellationError` when it was closed.
    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { reader in
                typealias Taken = (writer: CheckedContinuation<Bool, Never>?, Result<[UInt8]?, any Error>?)
                let (writer, result): Taken = state.withLock { state in
                    if state.isClosed { return (nil, .failure(CancellationError())) }
                    if let piece = state.piece.take() { return (state.writer.take(), .success(piece)) }
                    if state.isComplete { return (nil, .success(nil)) }
                    state.reader = reader
                    return (nil, nil)
                }
                writer?.resume(returning: true)
                if let result { reader.resume(with: result) }
            }
        } onCancel: {
            close()
        }
    }

    /// Nothing more comes.
    func finish() {
        let reader = state.withLock { state in
            state.isComplete = true
            return state.reader.take()
        }
        reader?.resume(returning: nil)
    }

    /// Nothing more is taken: whoever waits goes on without.
    func close() {
        let (writer, reader) = state.withLock { state in
            (state.isClosed, state.piece) = (true, nil)
            return (state.writer.take(), state.reader.take())
        }
        writer?.resume(returning: false)
        reader?.resume(throwing: CancellationError())
    }
}
