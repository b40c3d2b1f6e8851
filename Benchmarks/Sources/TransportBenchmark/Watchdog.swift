import Foundation
import Synchronization

/// Ends the program when a client's batch stands still, and says whose: a client that loses a request would otherwise
/// be waited for without an end.
final class Watchdog: Sendable {
    private let batch = Mutex<(name: String, begun: ContinuousClock.Instant)?>(nil)
    private let limit: Duration

    init(limit: Duration) {
        self.limit = limit
        Thread.detachNewThread { [self] in
            while true {
                Thread.sleep(forTimeInterval: 1)
                check()
            }
        }
    }

    /// Runs a batch of a client under watch.
    func watch(_ name: String, _ work: () async throws -> Void) async rethrows {
        batch.withLock { $0 = (name, .now) }
        defer { batch.withLock { $0 = nil } }
        try await work()
    }

    private func check() {
        guard let (name, begun) = batch.withLock({ $0 }), .now - begun > limit else { return }
        FileHandle.standardError.write(Data("\(name): a batch has not ended after \(limit)\n".utf8))
        abort()
    }
}
