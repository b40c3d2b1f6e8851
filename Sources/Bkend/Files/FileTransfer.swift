import BkendSync

/// How far a transfer is.
public struct TransferProgress: Hashable, Sendable {
    /// The bytes that were sent or received.
    public var completed: Int
    /// The bytes in all.
    public var total: Int

    /// From 0 to 1.
    public var fraction: Double { total > 0 ? Double(completed) / Double(total) : 0 }
}

/// An upload or a download that is under way. It goes on whether or not anyone waits for it, until `cancel()`.
///
/// ```swift
/// let upload = client.files.upload(from: video)
/// for await step in upload.progress { bar.fraction = step.fraction }
/// let file = try await upload.value
/// ```
public struct FileTransfer<Value: Sendable>: Sendable {
    private let task: Task<Value, any Error>
    private let meter: TransferMeter

    init(_ body: @escaping @Sendable (TransferMeter) async throws(BkendError) -> Value) {
        let meter = TransferMeter(startingWith: nil)
        self.meter = meter
        task = Task {
            defer { meter.close() }
            return try await body(meter)
        }
    }

    /// The progress from now on: the newest state, then each that follows. It ends with the transfer. A reader that is
    /// slow misses steps in between, never the last one.
    public var progress: AsyncStream<TransferProgress> { meter.stream() }

    /// The result, once the transfer is complete. Cancelling the waiting task cancels the transfer.
    public var value: Value {
        get async throws(BkendError) {
            do {
                return try await withTaskCancellationHandler {
                    try await task.value
                } onCancel: {
                    task.cancel()
                }
            } catch let error as BkendError {
                throw error
            } catch {
                throw BkendError(.cancelled(.mayHaveReachedServer))
            }
        }
    }

    /// Stops the transfer. An upload that was cancelled leaves no file unless it was just being registered; a download
    /// leaves what it has, and a later one of the same file to the same place goes on from there.
    public func cancel() { task.cancel() }
}

/// Tells whoever watches how far a transfer is.
typealias TransferMeter = Broadcast<TransferProgress>

extension TransferMeter {
    func set(_ completed: Int, of total: Int) { tell(TransferProgress(completed: completed, total: total)) }
}
